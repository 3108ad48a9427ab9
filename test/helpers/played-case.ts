import type { CaseRecord } from '../../core/cases.js';
import type { StoredClock } from '../../core/clock-truth.js';
import type { LetterRecord } from '../../core/letters.js';
import type { Reply } from '../../local/play/actor.js';
import { awaitTask, completeTask, waitFor } from '../../local/play/tasks.js';
import type { Variables } from '../../workers/engine.js';
import { patienceMs, type Stage } from '../inspection/stage.js';

/** A case of a process that the central office decides, as a test plays it. Whoever is not named is `decider`. */
export abstract class PlayedCase {
  protected abstract readonly process: string;
  protected abstract readonly decider: string;

  protected constructor(
    protected readonly stage: Stage,
    readonly number: string,
    readonly caseId: string,
    readonly code: string,
  ) {}

  /** Files it through the API. Answers what the constructor takes beside the stage. */
  protected static async filed(
    stage: Stage,
    as: string,
    url: string,
    body: unknown,
  ): Promise<[number: string, caseId: string, code: string]> {
    const filed = await (await stage.as(as)).post<{ number: string; accessCode: string }>(url, body);
    if (filed.status !== 201) throw new Error(`the intake answered ${filed.status}: ${JSON.stringify(filed.body)}`);
    const { number, accessCode } = filed.body;
    const record = await stage.services.cases.byNumber(number);
    return [number, record!._id, accessCode];
  }

  /** Its only clock, or that of a rule. */
  async clock(rule?: string): Promise<StoredClock> {
    const clocks = await this.stage.services.clocks.ofCase(this.caseId);
    const [clock, ...more] = clocks.filter((each) => rule === undefined || each.rule === rule);
    if (!clock || more.length > 0) throw new Error(`${this.number} has ${more.length + (clock ? 1 : 0)} clocks`);
    return clock;
  }
  async letters(template: string): Promise<LetterRecord[]> {
    const letters = await this.stage.services.letters.ofCase(this.caseId);
    return letters.filter((letter) => letter.template === `${this.process}/${template}`);
  }
  async trail(): Promise<string[]> {
    return (await this.stage.services.trail.list(this.caseId)).map(({ type }) => type);
  }
  waitFor<T>(ask: () => Promise<T | null | undefined | false>, what: string): Promise<T> {
    return waitFor(ask, `${what} of ${this.number}`, patienceMs);
  }
  trailed(type: string): Promise<boolean> {
    return this.waitFor(async () => (await this.trail()).includes(type), type);
  }
  ended(): Promise<CaseRecord> {
    return this.waitFor(async () => {
      const record = await this.stage.services.cases.find(this.caseId);
      return record?.state === 'open' ? null : record;
    }, 'the end');
  }
  /** The start message comes a second time; waits until the instance that it starts has ended. */
  async startsAgain(name: string): Promise<void> {
    const again = `${this.number}-again`;
    await this.stage.engine.publishMessage({
      ...{ name, correlationKey: again, messageId: again, timeToLiveMs: 60_000 },
      variables: { caseId: this.caseId, caseNumber: this.number },
    });
    await this.waitFor(async () => {
      for (const key of await this.stage.instancesPast('EndEvent_SecondInstanceEnded'))
        if ((await this.stage.variable(key, 'caseNumber')) === this.number) return true;
      return false;
    }, 'the end of the second instance');
  }
  task(elementId: string) {
    return awaitTask(this.stage.engine, { caseNumber: this.number, elementId, timeoutMs: patienceMs });
  }
  async writes(name: string, body: unknown, as = this.decider): Promise<Reply> {
    return (await this.stage.as(as)).post(`/api/cases/${this.number}/${name}`, body);
  }
  /** Completes a task and waits for what was recorded of it: null when accepted, else the code of what was missing. */
  async decides(elementId: string, variables: Variables, as = this.decider): Promise<string | null> {
    const key = await completeTask(this.stage.engine, {
      ...{ caseNumber: this.number, elementId, login: as, variables },
      timeoutMs: patienceMs,
    });
    const decision = await this.waitFor(
      async () =>
        (await this.stage.services.decisions.ofCase(this.caseId)).find(({ userTaskKey }) => userTaskKey === key),
      `the record of ${elementId}`,
    );
    return decision.refusal;
  }
}
