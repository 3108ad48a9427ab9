import { readFileSync } from 'node:fs';
import bcrypt from 'bcryptjs';
import { inProject } from '../../config/root.js';

/** A person of the development identity provider (local/identity/users.json). */
export interface LocalUser {
  login: string;
  password: string;
  employeeId: string | null;
  roles: string[];
  name: string;
  groups: string[];
}

export const usersFile = inProject('local', 'identity', 'users.json');

/** The people of the development identity provider; none when the file is not there. */
export function readLocalUsers(file = usersFile): LocalUser[] {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { users: LocalUser[] }).users;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Makes the people local users of Operate and Tasklist, which share one index of users. An auditor may look and not act.
 * The passwords are public demo passwords, so the cheapest bcrypt cost will do.
 */
export async function writeWebUsers(opensearchUrl: string, users: readonly LocalUser[]): Promise<void> {
  if (users.length === 0) return;
  const lines = users.flatMap(({ login, password, name, roles }) => {
    const readOnly = roles.includes('auditor');
    const id = login;
    const document = {
      id,
      userId: login,
      displayName: name,
      password: `{bcrypt}${bcrypt.hashSync(password, 4)}`,
      roles: [readOnly ? 'USER' : 'OPERATOR'],
    };
    return [JSON.stringify({ index: { _id: id } }), JSON.stringify(document)];
  });
  const index = await userIndex(opensearchUrl);
  const response = await fetch(`${opensearchUrl}/${index}/_bulk?refresh=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: `${lines.join('\n')}\n`,
  });
  const answer = (await response.json()) as { errors?: boolean };
  if (!response.ok || answer.errors)
    throw new Error(`users of Operate and Tasklist: ${JSON.stringify(answer).slice(0, 500)}`);
}

async function userIndex(opensearchUrl: string): Promise<string> {
  const response = await fetch(`${opensearchUrl}/_cat/indices/operate-user-*?format=json&h=index`);
  const indexes = (await response.json()) as { index: string }[];
  const first = indexes.find(({ index }) => /^operate-user-\d/.test(index));
  if (!first) throw new Error("Operate's index of users is not there");
  return first.index;
}
