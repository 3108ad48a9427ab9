import { createReadStream } from 'node:fs';
import { inProject } from '../../config/root.js';
import type { Directory, ImportResult } from '../../core/directory.js';
import type { People } from '../../core/people.js';
import { readUsers } from './users.js';

/**
 * Makes the fictional organisation known: imports its directory, and notes the users of the development identity provider with their
 * roles, as their sign-ins would. May be repeated.
 */
export async function seedOrganisation(
  { directory, people }: { directory: Directory; people: People },
  files = {
    directory: inProject('local', 'demo', 'directory.csv'),
    users: inProject('local', 'identity', 'users.json'),
  },
): Promise<ImportResult> {
  const result = await directory.importCsv(createReadStream(files.directory));
  for (const { login, employeeId, roles } of readUsers(files.users).all)
    await people.seen({ login, employeeId, roles });
  return result;
}
