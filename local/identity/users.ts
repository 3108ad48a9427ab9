import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** A development user. The password is a public one: this file is no place for a real person. */
const user = z.strictObject({
  login: z.string().regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/),
  password: z.string().min(1),
  name: z.string().min(1),
  employeeId: z.string().min(1).nullable(),
  roles: z.array(z.string().min(1)),
  groups: z.array(z.string().min(1)),
});

export type IdentityUser = z.infer<typeof user>;

/** The users of a file, found by login. */
export interface Users {
  all: readonly IdentityUser[];
  byLogin(login: string): IdentityUser | undefined;
  /** The user, when the password is right. */
  check(login: string, password: string): IdentityUser | undefined;
}

/** Reads a users file. Throws an error that names the file and each wrong field. */
export function readUsers(file: string): Users {
  const parsed = z.strictObject({ users: z.array(user) }).safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `  - ${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`USERS_FILE ${file}:\n${faults.join('\n')}`);
  }
  const users = new Map(parsed.data.users.map((one) => [one.login, one]));
  if (users.size < parsed.data.users.length) throw new Error(`USERS_FILE ${file}: a login is there twice`);
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
  return {
    all: parsed.data.users,
    byLogin: (login) => users.get(login),
    check: (login, password) => {
      const found = users.get(login);
      const right = timingSafeEqual(digest(password), digest(found?.password ?? ''));
      return found && right ? found : undefined;
    },
  };
}
