import type { Tx } from '../database.js';
import type { Services } from '../services.js';
import type { StoredAccount } from './account-store.js';
import { userOf } from './accounts.js';
import type { JournalAct, JournalRow } from './journal.js';
import { grantedRights, type AccessRequest, type RequestedUser } from './model.js';

type Needed = Pick<Services, 'accessJournal' | 'accessRequests' | 'cases' | 'directory' | 'people' | 'vault'>;

/** Enters what a step did to the account of a user of a request, as its decisions said (R20, R21, R25, R29); what a repeated one issued it opened. */
export async function journalUser(
  services: Needed,
  tx: Tx,
  done: { caseId: string; userId: string; skudId: string | null; act: JournalAct; ground?: JournalRow['ground'] },
): Promise<void> {
  const { caseId, userId, skudId, act, ground = null } = done;
  const request = await services.accessRequests.get(caseId, tx);
  const user = userOf(request, userId);
  const systems = new Set(grantedRights(request, user).map(({ system }) => system));
  const decided = request.decisions.filter(({ system }) => systems.has(system));
  await services.accessJournal.write(tx, {
    ...{ caseId, accountId: userId, skudId, ground, systems: [...systems] },
    act: act === 'issued' && request.kind === 'repeat' ? 'opened' : act,
    ...(await ofRequest(services, tx, request, user)),
    administrators: await named(
      services,
      tx,
      decided.map(({ by }) => by),
    ),
  });
}

/** Enters that an account was blocked without an application (R28), or released from that; the columns about the applicant are those of its last request. */
export async function journalBlock(
  services: Needed,
  tx: Tx,
  { _id: accountId, skudId, caseId, rights, blockGrounds }: StoredAccount,
  by?: string,
  act: 'blocked' | 'released' = 'blocked',
): Promise<void> {
  const request = await services.accessRequests.find(caseId, tx);
  const user = request?.users.find(({ userId, account }) => userId === accountId || account?.skudId === skudId);
  await services.accessJournal.write(tx, {
    ...{ act, caseId, accountId, skudId, ground: act === 'released' ? 'notConfirmed' : (blockGrounds.at(-1) ?? null) },
    systems: [...new Set(rights.map(({ system }) => system))],
    ...(await ofRequest(services, tx, request, user)),
    basis: null,
    administrators: await named(services, tx, by === undefined || by.startsWith('client:') ? [] : [by]),
  });
}

/** The columns that the request fills, sealed as its file has them. */
async function ofRequest(
  { cases }: Needed,
  tx: Tx,
  request: AccessRequest | null,
  user: RequestedUser | undefined,
): Promise<Pick<JournalRow, 'caseNumber' | 'userRowNo' | 'applicant' | 'receivedAt' | 'basis'>> {
  if (!request) return { caseNumber: null, userRowNo: null, applicant: null, receivedAt: null, basis: null };
  const { region, letterRefNo, letterDate } = request.applicant;
  const { type, number, date } = request.basis;
  return {
    ...{ caseNumber: request.number, userRowNo: user?.rowNo ?? null },
    applicant: { region, letterRefNo, letterDate },
    receivedAt: (await cases.find(request._id, tx))?.receivedAt ?? null,
    basis: { type, number, date },
  };
}

/** Whoever acted, each once, by the name that the directory has at this moment. */
async function named(
  { directory, people, vault }: Needed,
  tx: Tx,
  logins: readonly string[],
): Promise<JournalRow['administrators']> {
  const found: JournalRow['administrators'] = [];
  for (const login of new Set(logins)) {
    const employeeId = (await people.byLogin(login))?.employeeId ?? null;
    const employee = employeeId === null ? null : await directory.employee(employeeId, tx);
    const sealer = employee && (await vault.sealer(employee.subjectId, tx));
    found.push({
      ...{ login, employeeId },
      fullName: sealer && employee ? sealer.seal(employee.fullName) : null,
      fullNameKk: sealer && employee?.fullNameKk ? sealer.seal(employee.fullNameKk) : null,
    });
  }
  return found;
}
