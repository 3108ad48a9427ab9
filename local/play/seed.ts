import { createReadStream } from 'node:fs';
import { inProject } from '../../config/index.js';
import type { Database } from '../../core/database.js';
import { createDirectory } from '../../core/directory.js';
import { createPeople } from '../../core/people.js';
import { createTrail } from '../../core/trail.js';
import { createVault } from '../../core/vault.js';
import { readLocalUsers } from '../stack/web-users.js';

/**
 * Gives an embedded stack its people: the fictional directory, and the roles of everybody whom the development identity provider knows,
 * as if each had signed in once. A repeat changes nothing.
 */
export async function seed(database: Database, masterKey: Buffer): Promise<{ employees: number; people: number }> {
  const vault = createVault({ database, masterKey });
  const people = createPeople({ database });
  const directory = createDirectory({ database, vault });
  for (const part of [vault, createTrail({ database }), people, directory] as { init?: () => Promise<void> }[])
    await part.init?.();
  const users = readLocalUsers();
  await directory.importCsv(createReadStream(inProject('local', 'demo', 'directory.csv')));
  for (const { login, employeeId, roles } of users) await people.seen({ login, employeeId, roles });
  return { employees: (await directory.all()).length, people: users.length };
}
