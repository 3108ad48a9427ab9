import type { Tx } from '../database.js';
import { localDay } from '../legal-day.js';
import type { LetterData } from '../letter-template.js';
import type { Services } from '../services.js';
import { waitsForChange, type BlockGround, type StoredAccount } from './account-store.js';
import { awaitsReview, type Violation } from './violations.js';

type Needed = Pick<Services, 'letters' | 'organisation' | 'outbox' | 'people' | 'vault'>;

/** R28: user and applicant are written to, of whom an address is known; sealed with the user's key, since the letter tells about him. */
export async function tellOfBlock(services: Needed, tx: Tx, account: StoredAccount): Promise<void> {
  const { blockedAt, lastSignInAt } = account;
  const ground = account.blockGrounds.at(-1);
  if (!blockedAt || !ground) return;
  await writeOf(services, tx, account, 'account-blocked', {
    ...{ ground, blockedAt, opening: waitsForChange(account) ? 'change' : 'repeat' },
    ...(lastSignInAt ? { lastUsedOn: localDay(lastSignInAt, services.organisation.timeZone) } : {}),
  });
}

/** AMB-ACC-08: the same are written to where it is blocked because nobody came for the password in time. */
export async function tellOfExpiry(services: Needed, tx: Tx, account: StoredAccount): Promise<void> {
  const ground = 'credentialsExpired';
  await writeOf(services, tx, account, 'account-blocked', { ground, blockedAt: tx.at, opening: 'repeat' });
}

/** AMB-ACC-15: the same are written to when it is open again, because what it was blocked for turned out to be no violation. */
export async function tellOfRelease(services: Needed, tx: Tx, account: StoredAccount): Promise<void> {
  await writeOf(services, tx, account, 'account-released', { openedAt: tx.at });
}

/** R27: the same are reminded of the application for the rights of the new position, without which it stays blocked. */
export async function remindOfApplication(
  services: Needed & Pick<Services, 'settings'>,
  tx: Tx,
  account: StoredAccount,
): Promise<void> {
  const { blockedAt } = account;
  if (!blockedAt) return;
  const formLink = `${services.settings.web.publicUrl}/access-requests/new`;
  await writeOf(services, tx, account, 'application-reminder', { blockedAt, formLink });
}

/** R5(4): its user is reminded of renewing the password; the applicant where no address of his is known. */
export async function remindOfPassword(services: Needed, tx: Tx, account: StoredAccount): Promise<void> {
  const { email, passwordChangedAt } = account;
  if (!passwordChangedAt) return;
  await writeOf(
    services,
    tx,
    { ...account, applicant: email === null ? account.applicant : null },
    'password-renewal',
    {
      passwordChangedAt,
    },
  );
}

async function writeOf(
  { letters, vault }: Needed,
  tx: Tx,
  account: StoredAccount,
  purpose: string,
  data: LetterData,
): Promise<void> {
  const { caseId, caseNumber, subjectId, language } = account;
  const { login, email, applicant } = await vault.reveal(
    { login: account.login, email: account.email, applicant: account.applicant },
    tx,
  );
  if (!subjectId || !login) return;
  const recipients = [...(email ? [{ subjectId, email }] : []), ...(applicant?.email ? [applicant] : [])];
  const others = recipients.filter(({ email: to }, at) => recipients.findIndex((one) => one.email === to) === at);
  for (const recipient of others)
    await letters.compose(tx, {
      ...{ caseId, recipient, dataSubjectId: subjectId, languages: [language], purpose },
      ...(caseNumber === null ? {} : { caseNumber }),
      template: `access-request/${purpose}`,
      data: { login, ...data },
    });
}

const dayMs = 24 * 3600 * 1000;

/** The administrators of information security are told how many were blocked by one step of a look at all accounts. */
export async function tellAdministrators(
  services: Needed,
  tx: Tx,
  { day, step, ground, count }: { day: string; step: string; ground: BlockGround; count: number },
): Promise<void> {
  if (count === 0) return;
  await notify(services, tx, {
    ...{ key: `accounts-blocked/${day}/${step}`, template: 'access-request/accounts-blocked' },
    data: { day, ground, count },
  });
}

/** They are told which accounts SKUD refused to block, by its own ids: the accounts may be of no request of ours. */
export async function tellOfRefused(
  services: Needed,
  tx: Tx,
  { day, skudIds }: { day: string; skudIds: readonly string[] },
): Promise<void> {
  await notify(services, tx, {
    ...{
      key: `accounts-not-blocked/${skudIds[0]}/${tx.at.toISOString()}`,
      template: 'access-request/accounts-not-blocked',
    },
    data: { day, count: skudIds.length, skudIds: [...skudIds] },
  });
}

/** They are told of each violation, also where nothing was to be blocked: the login may be wrong. */
export async function tellOfViolation(
  services: Needed & Pick<Services, 'settings'>,
  tx: Tx,
  violation: Violation,
  count: number,
): Promise<void> {
  const { _id: violationId, number, kind, reportedAt } = violation;
  await notify(services, tx, {
    ...{ key: `violation/${violationId}`, template: 'access-request/violation-reported' },
    data: {
      ...{ number, kind, reportedAt, count, link: pageOfViolations(services) },
      ...(awaitsReview(violation) ? { review: 'awaited' } : {}),
    },
  });
}

/** AMB-ACC-15: they are told what a review has opened, and that the rest is blocked for another reason. */
export async function tellOfReview(
  services: Needed & Pick<Services, 'settings'>,
  tx: Tx,
  { _id: violationId, number }: Violation,
  { opened, blocked }: { opened: number; blocked: number },
): Promise<void> {
  await notify(services, tx, {
    ...{ key: `violation-not-confirmed/${violationId}`, template: 'access-request/violation-not-confirmed' },
    data: { number, opened, blocked, link: pageOfViolations(services) },
  });
}

const pageOfViolations = ({ settings }: Pick<Services, 'settings'>): string =>
  `${settings.web.publicUrl}/access-violations`;

async function notify(
  { outbox, people }: Needed,
  tx: Tx,
  { key, template, data }: { key: string; template: string; data: Record<string, unknown> },
): Promise<void> {
  for (const { employeeId } of await people.withRoles(['ib-admin']))
    if (employeeId !== null)
      await outbox.notice(tx, {
        ...{ caseId: '', key: `${key}/${employeeId}`, employeeId, template, data, taskId: null },
        staleAt: new Date(tx.at.getTime() + 7 * dayMs),
      });
}
