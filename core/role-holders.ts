import type { Employee } from './directory.js';
import type { ToldPerson } from './people.js';
import type { Services } from './services.js';

/** An employee with whom somebody stands in, and until before which moment of legal time (UTC). `employee` is null once the person was erased. */
export interface Standing {
  employeeId: string;
  employee: Employee | null;
  until: Date;
}

/** Who holds which roles, as the latest sign-in told, with the substitutions that hold now. */
export interface RoleHolder extends ToldPerson {
  /** As the directory has him, former ones included; null where it doesn't. */
  employee: Employee | null;
  actsFor: Standing[];
  substitutedBy: Standing[];
}

/** R3(1), R3(7), TECH-38: who holds roles (or one role), by login, from after one on; `next` is the login to go on after. */
export async function listRoleHolders(
  { directory, people, substitutions }: Pick<Services, 'directory' | 'people' | 'substitutions'>,
  { role, after }: { role: string | null; after: string },
  limit: number,
): Promise<{ holders: RoleHolder[]; next: string | null }> {
  const found = await people.list(role, after, limit + 1);
  const shown = found.slice(0, limit);
  const held = await substitutions.inForce(shown.flatMap(({ employeeId }) => employeeId ?? []));
  const ids = new Set([
    ...shown.flatMap(({ employeeId }) => employeeId ?? []),
    ...held.flatMap(({ principalId, substituteId }) => [principalId, substituteId]),
  ]);
  const employees = new Map(await Promise.all([...ids].map(async (id) => [id, await directory.employee(id)] as const)));
  const standing = (employeeId: string, until: Date): Standing => {
    return { employeeId, employee: employees.get(employeeId) ?? null, until };
  };
  const holders = shown.map((person) => ({
    ...person,
    employee: employees.get(person.employeeId ?? '') ?? null,
    actsFor: held.flatMap(({ principalId, substituteId, until }) =>
      substituteId === person.employeeId ? [standing(principalId, until)] : [],
    ),
    substitutedBy: held.flatMap(({ principalId, substituteId, until }) =>
      principalId === person.employeeId ? [standing(substituteId, until)] : [],
    ),
  }));
  return { holders, next: found.length > limit ? (shown.at(-1)?.login ?? null) : null };
}
