import type { ReportKind, StoredClock } from './clock-truth.js';
import type { Actor, Tx } from './database.js';
import { PermanentError } from './errors.js';
import type { Services } from './services.js';

type Notifying = Pick<Services, 'cases' | 'inspections' | 'letters' | 'organisation' | 'settings'>;
/** What {@link tellOfMoves} needs of the services. */
export type TellingOfMoves = Notifying & Pick<Services, 'database' | 'recount' | 'log'>;

/**
 * Writes to those concerned by a clock, in the transaction that reports it: who is on duty, and the unit whose case it is. A passed target
 * is a warning, a passed due moment the notice that the term is broken.
 * @throws PermanentError when the clock's case does not exist.
 */
export async function tellOfClock(services: Notifying, tx: Tx, clock: StoredClock, kind: ReportKind): Promise<void> {
  const { organisation, settings, letters, cases } = services;
  const record = await cases.find(clock.caseId, tx);
  if (!record) throw new PermanentError(`clock ${clock._id} belongs to no case`, { field: 'caseId' });
  const shared = {
    caseNumber: clock.caseNumber,
    rule: clock.rule,
    dueAt: clock.dueAt ?? tx.at,
    caseLink: `${settings.web.publicUrl}/cases/${clock.caseNumber}`,
  };
  const broken = kind === 'broken';
  for (const email of await addressesOf(services, record.process, tx, clock.caseId))
    await letters.compose(tx, {
      caseId: clock.caseId,
      caseNumber: clock.caseNumber,
      template: broken ? 'shared/clock-broken' : 'shared/clock-warning',
      languages: organisation.languages,
      recipient: { subjectId: record.subjectId, email },
      data: broken ? { ...shared, reportedAt: tx.at } : { ...shared, targetAt: clock.targetAt ?? shared.dueAt },
      purpose: broken ? 'clock-broken' : 'clock-warning',
    });
}

/** Writes to those who were told of a breach that this transaction disproved: the act had been done in time. Otherwise nothing. */
export async function tellOfDisproved(services: Notifying, tx: Tx, clock: StoredClock): Promise<void> {
  const { organisation, settings, letters, cases } = services;
  const report = clock.reports.find(({ disprovedAt }) => disprovedAt?.getTime() === tx.at.getTime());
  const record = report ? await cases.find(clock.caseId, tx) : null;
  if (!report || !record) return;
  const { caseId, caseNumber, rule } = clock;
  for (const email of await addressesOf(services, record.process, tx, caseId))
    await letters.compose(tx, {
      ...{ caseId, caseNumber, template: 'shared/clock-disproved', languages: organisation.languages },
      recipient: { subjectId: record.subjectId, email },
      data: {
        ...{ caseNumber, rule, dueAt: report.momentAt, reportedAt: report.reportedAt },
        caseLink: `${settings.web.publicUrl}/cases/${caseNumber}`,
      },
      purpose: 'clock-disproved',
    });
}

/**
 * Writes to those concerned by clocks that a changed calendar moved, one letter a case: at most `limit` cases, each in a transaction that also marks
 * its moves as told. Returns how many cases were told of; it is safe to run again and to run twice at once. A case that can't be written about is
 * marked all the same, with an error in the log: the trail has its moves.
 */
export async function tellOfMoves(services: TellingOfMoves, by: Actor, limit: number): Promise<number> {
  const { database, recount, organisation, settings, letters, cases, log } = services;
  let told = 0;
  for (const caseId of await recount.untold(limit)) {
    const settle = (write: boolean): Promise<boolean> =>
      database.transaction(by, async (tx) => {
        const moves = await recount.takeUntold(tx, caseId);
        const [first] = moves;
        if (!first || !write) return false;
        const record = await cases.find(caseId, tx);
        if (!record) throw new PermanentError(`clock ${first.clock._id} belongs to no case`, { field: 'caseId' });
        const { caseNumber } = first.clock;
        for (const email of await addressesOf(services, record.process, tx, caseId))
          await letters.compose(tx, {
            caseId,
            caseNumber,
            template: 'shared/clock-moved',
            languages: organisation.languages,
            recipient: { subjectId: record.subjectId, email },
            data: {
              caseNumber,
              moves: moves.map(({ clock, earlierDueAt }) => ({
                rule: clock.rule,
                earlierDueAt,
                targetAt: clock.targetAt ?? tx.at,
                dueAt: clock.dueAt ?? tx.at,
              })),
              caseLink: `${settings.web.publicUrl}/cases/${caseNumber}`,
            },
            purpose: 'clock-moved',
          });
        return true;
      });
    const wrote = await settle(true).catch((error: unknown) => {
      if (!(error instanceof PermanentError)) throw error;
      log.error({ err: error, caseId }, 'those concerned by a moved clock could not be written to');
      return settle(false);
    });
    if (wrote) told += 1;
  }
  return told;
}

/** The duty address, and the one of the unit that has the case; each once. */
async function addressesOf(services: Notifying, process: string, tx: Tx, caseId: string): Promise<Set<string>> {
  const { duty, branches, centralOffice } = services.organisation;
  const addresses = new Set([duty.email]);
  if (process === 'inspection') {
    const { inspectingUnit, branchCode } = await services.inspections.get(caseId, tx);
    const branch = inspectingUnit === 'branch' ? branches.find(({ code }) => code === branchCode) : undefined;
    addresses.add(branch?.email ?? centralOffice.email);
  }
  return addresses;
}
