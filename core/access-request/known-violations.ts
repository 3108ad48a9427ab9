import type { Services } from '../services.js';
import type { RequestedUser } from './model.js';
import type { Violation } from './violations.js';

/** A violation that was reported of a user of a request; sealed as stored. */
export interface KnownViolation {
  /** Number of the user's row in Appendix 2. */
  rowNo: number;
  violation: Violation;
}

/**
 * ACC-33, R28, R29: what was reported of the users of a request, the newest first: who decides on a repeated application has to know why the account
 * is blocked. Found by the user in the directory and by the account that the row names.
 * @param users with their logins opened.
 */
export async function violationsOfUsers(
  { accounts, violations }: Pick<Services, 'accounts' | 'violations'>,
  users: readonly Pick<RequestedUser, 'rowNo' | 'login' | 'employeeId'>[],
): Promise<KnownViolation[]> {
  const named = await Promise.all(
    users.map(async ({ rowNo, login, employeeId }) => {
      const account = login ? await accounts.byLogin(login) : null;
      return { rowNo, accountId: account?._id ?? null, employeeId: employeeId ?? account?.employeeId ?? null };
    }),
  );
  const found = await violations.of({
    accountIds: named.flatMap(({ accountId }) => accountId ?? []),
    employeeIds: named.flatMap(({ employeeId }) => employeeId ?? []),
  });
  return named.flatMap(({ rowNo, accountId, employeeId }) =>
    found
      .filter(
        (violation) =>
          (accountId !== null &&
            (violation.accountId === accountId || violation.accountIds?.includes(accountId) === true)) ||
          (employeeId !== null && violation.employeeId === employeeId),
      )
      .map((violation) => ({ rowNo, violation })),
  );
}
