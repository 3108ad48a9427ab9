import type { CaseRecord } from '../../core/cases.js';
import type { StoredClock } from '../../core/clock-truth.js';
import type { DecisionRecord } from '../../core/decisions.js';
import type { CaseDocument, DocumentRequest } from '../../core/documents.js';
import { lineDocumentKinds, type Inspection, type OffenceSign } from '../../core/inspection/model.js';
import { localDay } from '../../core/legal-day.js';
import type { LetterRecord } from '../../core/letters.js';
import type { TrailEntry } from '../../core/trail.js';
import type { Reply } from '../../local/play/actor.js';
import { awaitTask, completeTask, waitFor } from '../../local/play/tasks.js';
import type { UserTask } from '../../workers/engine-rest.js';
import type { Variables } from '../../workers/engine.js';
import { document, extractScope, finding, measure } from '../builders/inspection.js';
import { patienceMs, type Stage } from './stage.js';

/** Which request: of a kind, and of a line where there are several. */
export interface Which {
  kind?: string;
  lineId?: string;
  state?: DocumentRequest['state'];
}

/** An inspection as a test plays it: acts of people, and what the stores hold of it. Whoever is not named is the officer in charge. */
export class InspectionCase {
  constructor(
    private readonly stage: Stage,
    readonly number: string,
    readonly caseId: string,
  ) {}

  // What the stores hold.

  async record(): Promise<CaseRecord> {
    return (await this.stage.services.cases.find(this.caseId))!;
  }
  inspection(): Promise<Inspection> {
    return this.stage.services.inspections.get(this.caseId);
  }
  async clocks(rule?: string): Promise<StoredClock[]> {
    const clocks = await this.stage.services.clocks.ofCase(this.caseId);
    return rule === undefined ? clocks : clocks.filter((clock) => clock.rule === rule);
  }
  /** The one clock of a rule. */
  async clock(rule: string): Promise<StoredClock> {
    const clocks = await this.clocks(rule);
    if (clocks.length !== 1) throw new Error(`${this.number} has ${clocks.length} clocks ${rule}`);
    return clocks[0]!;
  }
  /** The trail, in order; of one type where named. */
  async trail(type?: string): Promise<TrailEntry[]> {
    const entries: TrailEntry[] = [];
    for (;;) {
      const page = await this.stage.services.trail.list(this.caseId, { after: entries.at(-1)?.seq ?? 0 });
      if (page.length === 0) return type === undefined ? entries : entries.filter((entry) => entry.type === type);
      entries.push(...page);
    }
  }
  async requests({ kind, lineId, state }: Which = {}): Promise<DocumentRequest[]> {
    return (await this.stage.services.documents.requestsOfCase(this.caseId)).filter(
      (request) =>
        (kind === undefined || request.kind === kind) &&
        (lineId === undefined || request.lineId === lineId) &&
        (state === undefined || request.state === state),
    );
  }
  documents(): Promise<CaseDocument[]> {
    return this.stage.services.documents.documentsOfCase(this.caseId);
  }
  letters(template?: string): Promise<LetterRecord[]> {
    return this.stage.services.letters
      .ofCase(this.caseId)
      .then((letters) => letters.filter((letter) => template === undefined || letter.template === template));
  }
  decisions(): Promise<DecisionRecord[]> {
    return this.stage.services.decisions.ofCase(this.caseId);
  }
  /** What a clock was reported for, in order. */
  async reportsOf(clock: Pick<StoredClock, '_id'>): Promise<string[]> {
    const kinds: Record<string, string> = {
      'clock.warned': 'warn',
      'clock.target-passed': 'target',
      'clock.broken': 'broken',
    };
    return (await this.trail()).flatMap(({ type, subject }) =>
      subject === clock._id && kinds[type] ? [kinds[type]] : [],
    );
  }
  async lineOf(employeeId: string): Promise<string> {
    const line = (await this.inspection()).lines.find((candidate) => candidate.employeeId === employeeId);
    if (!line) throw new Error(`${employeeId} is no employee of ${this.number}`);
    return line.lineId;
  }
  /** The officer, and the manager, of the unit that inspects. */
  async officer(): Promise<string> {
    return `iss.${await this.unit()}`;
  }
  async manager(): Promise<string> {
    return `management.${await this.unit()}`;
  }
  private async unit(): Promise<string> {
    const { inspectingUnit, branchCode } = await this.inspection();
    return inspectingUnit === 'centralOffice' ? 'central' : (branchCode ?? '').toLowerCase();
  }

  // Waiting for what has to come.

  waitFor<T>(ask: () => Promise<T | null | undefined | false>, what: string): Promise<T> {
    return waitFor(ask, `${what} in ${this.number}`, patienceMs);
  }
  async trailed(type: string, count = 1): Promise<TrailEntry[]> {
    return this.waitFor(async () => {
      const entries = await this.trail(type);
      return entries.length >= count ? entries : null;
    }, `${count} ${type}`);
  }
  reported(clock: Pick<StoredClock, '_id' | 'rule'>, kind: 'warn' | 'target' | 'broken'): Promise<boolean> {
    return this.waitFor(
      async () => (await this.reportsOf(clock)).includes(kind),
      `the report that ${clock.rule} is ${kind}`,
    );
  }
  /** The clock of a rule once it runs; of a subject where there are several. */
  async started(rule: string, subject?: string): Promise<StoredClock> {
    return this.waitFor(
      async () => (await this.clocks(rule)).find((clock) => subject === undefined || clock.subject === subject),
      `the start of ${rule}`,
    );
  }
  stopped(rule: string, subject?: string): Promise<StoredClock> {
    return this.waitFor(
      async () =>
        (await this.clocks(rule)).find(
          (clock) => clock.stoppedAt !== null && (subject === undefined || clock.subject === subject),
        ),
      `the stop of ${rule}`,
    );
  }
  async asked(which: Which = {}, count = 1): Promise<DocumentRequest[]> {
    return this.waitFor(
      async () => {
        const requests = (await this.requests(which)).filter(({ state }) => state !== 'planned');
        return requests.length >= count ? requests : null;
      },
      `${count} requests ${JSON.stringify(which)}`,
    );
  }
  task(elementId: string, subject?: { name: string; value: string }): Promise<UserTask> {
    return awaitTask(this.stage.engine, {
      caseNumber: this.number,
      elementId,
      timeoutMs: patienceMs,
      ...(subject ? { subject } : {}),
    });
  }
  /** The case's end. */
  async ended(): Promise<CaseRecord> {
    return this.waitFor(async () => {
      const record = await this.record();
      return record.state === 'open' ? null : record;
    }, 'the end');
  }

  // What people do.

  /** Sends a command of the case file page. */
  async tries(name: string, body: unknown, as?: string): Promise<Reply> {
    const actor = await this.stage.as(as ?? (await this.officer()));
    return actor.post(`/api/cases/${this.number}/${name}`, body);
  }
  /** A command that has to be accepted. */
  async writes<T extends Record<string, string>>(name: string, body: unknown, as?: string): Promise<T> {
    const reply = await this.tries(name, body, as);
    if (reply.status !== 200)
      throw new Error(`${this.number}: ${name} was answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    return reply.body as T;
  }
  /** Completes a task of Tasklist and waits for what was recorded of it: null when accepted, else the code of what was missing. */
  async decides(
    elementId: string,
    answers: Variables,
    { as, subject }: { as?: string; subject?: { name: string; value: string } } = {},
  ): Promise<string | null> {
    const key = await completeTask(this.stage.engine, {
      caseNumber: this.number,
      elementId,
      login: as ?? (await this.officer()),
      variables: answers,
      timeoutMs: patienceMs,
      ...(subject ? { subject } : {}),
    });
    const decision = await this.waitFor(
      async () => (await this.decisions()).find(({ userTaskKey }) => userTaskKey === key),
      `the record of ${elementId}`,
    );
    if (decision.accepted !== (decision.refusal === null)) throw new Error(`${elementId} is accepted and refused`);
    return decision.refusal;
  }
  private async accepted(...decision: Parameters<InspectionCase['decides']>): Promise<void> {
    const refusal = await this.decides(...decision);
    if (refusal !== null) throw new Error(`${this.number}: ${decision[0]} was refused: ${refusal}`);
  }

  /** Decides on scope and unit, having noted what that needs. */
  async screened({ nit = false, inspectingUnit }: { nit?: boolean; inspectingUnit?: string } = {}): Promise<void> {
    if (nit) await this.writes('extract-scope', extractScope(await this.stage.now()));
    else await this.writes('no-extract-reason', { text: 'Жүйелерден үзінді қажет емес.' });
    const unit = inspectingUnit ?? (await this.inspection()).inspectingUnit;
    await this.accepted('UserTask_ScreenTrigger', {
      screeningResult: 'inScope',
      inspectingUnit: unit,
      nitNeeded: nit,
    });
  }
  /** Hands a document in on the case file page, as an answer to a request where one is given. */
  async handsIn(request?: DocumentRequest, as?: string): Promise<string> {
    const actor = await this.stage.as(as ?? (await this.officer()));
    const { status, body } = await actor.upload<{ documentId: string }>(
      `/api/cases/${this.number}/documents`,
      document(),
      request
        ? {
            requestId: request._id,
            ...(request.kind === 'hrSanctionsCertificate' ? { sanctionsPresent: 'false' } : {}),
          }
        : {},
    );
    if (status !== 201) throw new Error(`${this.number}: the upload was answered ${status}: ${JSON.stringify(body)}`);
    return body.documentId;
  }
  /** Every document of R5 that was asked for each employee is handed in; but not those of `except`. */
  async documented({ except = [] as string[] } = {}): Promise<void> {
    const { lines } = await this.inspection();
    await this.asked({}, lines.length * lineDocumentKinds.length);
    const asked = await this.requests({ state: 'requested' });
    const left = asked.filter(({ kind }) => !except.includes(kind));
    await Promise.all(
      [1, 2, 3, 4].map(async () => {
        for (let request = left.shift(); request; request = left.shift()) await this.handsIn(request);
      }),
    );
  }
  studied(): Promise<void> {
    return this.accepted('UserTask_StudyMaterials', { studyResult: 'conclude' });
  }
  /** Notes a finding on each employee. */
  async found(transferConfirmed: boolean): Promise<void> {
    for (const { lineId } of (await this.inspection()).lines)
      await this.writes('findings', finding(lineId, { transferConfirmed }));
  }
  async concluded({ signs = [] as OffenceSign[] } = {}): Promise<void> {
    await this.accepted('UserTask_DrawUpConclusion', { conclusionReady: true, offenceSigns: signs });
  }
  /** Everything from the screening to the signed conclusion. */
  async inspected({ confirmed = false, signs = [] as OffenceSign[] } = {}): Promise<void> {
    await this.screened();
    await this.documented();
    await this.studied();
    await this.found(confirmed);
    await this.concluded({ signs });
  }
  /** Measures are taken by the management: of the unit that inspects, where nobody else is named. */
  async measured({ as }: { as?: string } = {}): Promise<void> {
    const manager = as ?? (await this.manager());
    const today = localDay(await this.stage.now(), this.stage.services.organisation.timeZone);
    for (const { lineId, finding: found } of (await this.inspection()).lines)
      if (found?.transferConfirmed) await this.writes('measures', measure(lineId, today), manager);
    await this.accepted('UserTask_TakeMeasures', { measuresRecorded: true }, { as: manager });
  }
  /** The materials go to the authorised body; for the signs that are given where there are several. */
  async materialsApproved(signId?: string, as?: string): Promise<void> {
    await this.accepted(
      'UserTask_SendMaterials',
      { materialsApproved: true },
      { as: as ?? (await this.manager()), ...(signId ? { subject: { name: 'signId', value: signId } } : {}) },
    );
  }
  async noticeApproved(signId?: string): Promise<void> {
    await this.accepted(
      'UserTask_NotifyCentralOffice',
      { noticeApproved: true },
      signId ? { subject: { name: 'signId', value: signId } } : {},
    );
  }
  /** Signs of an offence, noted on the case file page. */
  async signs(kinds: OffenceSign[] = ['administrative'], revealedAt?: Date): Promise<string> {
    const body = { kinds, ...(revealedAt ? { revealedAt: revealedAt.toISOString() } : {}) };
    return (await this.writes<{ signId: string }>('signs', body)).signId;
  }
  async voidIfOpen(): Promise<void> {
    if ((await this.record()).state !== 'open') return;
    await this.tries('void', { reason: 'Сынақ аяқталды.' }, await this.manager());
    await this.ended();
  }
}
