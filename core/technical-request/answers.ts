import type { Tx } from '../database.js';
import type { Services } from '../services.js';
import type { Reporter, TechnicalRequest } from './model.js';

/** Whom letters about a request go to; null where nobody asked, or he left no address. */
export function recipientOf(
  reporter: Omit<Reporter, 'index'> | null,
): { subjectId: string; name: string; email: string } | null {
  if (!reporter?.email) return null;
  const { subjectId, email, surname, name, middleName, contactInfo } = reporter;
  return { subjectId, email, name: [surname, name, middleName].filter(Boolean).join(' ') || (contactInfo ?? email) };
}

/** What was done, as the letter says it: keys `technicalDone.*` of the catalogue. */
export function doneIn({ classified, fulfilled, defectSettled }: TechnicalRequest): string {
  if (classified?.as === 'other') return 'answered';
  return defectSettled?.as ?? fulfilled?.as ?? 'answered';
}

/** The answer in Kazakh or Russian (R11, AMB-TECH-08), with the text that was noted last. Returns its id; null where there is nobody to answer. */
export async function composeTechnicalAnswer(services: Services, tx: Tx, caseId: string): Promise<string | null> {
  const request = await services.vault.reveal(await services.technicalRequests.get(caseId, tx), tx);
  await services.technicalRequests.noteTold(tx, request);
  return compose(services, tx, request, {
    template: 'technical-request/answer',
    data: {
      ...{ done: doneIn(request), text: request.resolutions.at(-1)?.text ?? '—' },
      ...(await untrueDelay(services, tx, request)),
    },
    purpose: 'answer',
  });
}

/** When it was decided on in time, where who asked was told of a delay before that was on record. */
async function untrueDelay(
  { clocks, letters }: Services,
  tx: Tx,
  { _id: caseId, fulfilled, classified }: TechnicalRequest,
): Promise<{ decidedAt?: Date }> {
  const decided = fulfilled ?? classified;
  if (!decided || !(await letters.ofCase(caseId, tx)).some(({ purpose }) => purpose === 'delay')) return {};
  const reports = (await clocks.ofCase(caseId, tx)).flatMap((clock) =>
    clock.rule === 'DL-TECH-1' ? clock.reports : [],
  );
  const untrue = reports.filter(({ kind }) => kind === 'broken').at(-1)?.disprovedAt !== undefined;
  return untrue ? { decidedAt: decided.at } : {};
}

/**
 * AMB-TECH-03: tells who asked that the term has passed and the request stays open. Returns the letter's id, or null as above, and where it was told
 * before: a clock that runs on after its class was corrected has the same moment behind it once more.
 */
export async function composeDelay(services: Services, tx: Tx, caseId: string, dueAt: Date): Promise<string | null> {
  if ((await services.letters.ofCase(caseId, tx)).some(({ purpose }) => purpose === 'delay')) return null;
  const request = await services.vault.reveal(await services.technicalRequests.get(caseId, tx), tx);
  return compose(services, tx, request, { template: 'technical-request/delay', data: { dueAt }, purpose: 'delay' });
}

async function compose(
  { letters }: Pick<Services, 'letters'>,
  tx: Tx,
  request: TechnicalRequest,
  { data, ...letter }: { template: string; data: Record<string, string | Date>; purpose: string },
): Promise<string | null> {
  const recipient = recipientOf(request.reporter);
  if (!recipient) return null;
  const { letterId } = await letters.compose(tx, {
    ...letter,
    ...{ caseId: request._id, caseNumber: request.number, recipient, languages: [request.language] },
    data: { caseNumber: request.number, ...data },
  });
  return letterId;
}
