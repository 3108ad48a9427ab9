import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { CaseRecord } from './cases.js';
import type { Actor, Tx } from './database.js';
import { InputProblem, type FieldFault } from './errors.js';
import type { StoredFile } from './files.js';
import { localDay } from './legal-day.js';
import type { MessageName } from './messages.js';
import type { Services } from './services.js';

/** What the intakes of all processes do alike: a request counts once, and becomes a case with its number, first clock and start message. */

export interface Registered {
  case: CaseRecord;
  /**
   * The applicant's secret for following the case; null where nobody outside does, and where the case was found by the sender's number: who
   * knows that needn't be who got the code.
   */
  accessCode: string | null;
  /** True when this request had been accepted before: nothing was written now. */
  repeated: boolean;
}

/** Under what an intake counts once: Idempotency-Key of a client with the content's keyed hash, and the sender's own number. */
export interface CountedOnce {
  idempotency: { client: string; key: string } | null;
  contentHash: string;
  /** `<channel>:<keyed hash of the number>`; null where the sender gave none. */
  sourceRef: string | null;
  /** Keyed hash of the content that this number stands for; null where it stands for whatever is told under it. */
  sourceHash: string | null;
}

/** What a process says of a new case; everything else is the same for all. */
export interface NewCase {
  process: string;
  /** Beginning of the case's number, e.g. `INS`. */
  numberKind: string;
  caseId: string;
  /** Key of the case's own texts and files. */
  subjectId: string;
  /** UTC; null: in the moment of its registration. */
  receivedAt: Date | null;
  /** Whether somebody outside follows the case by a code. */
  followed: boolean;
  /** Rule of the clock that runs from the receipt. */
  rule: string;
  /** Message that starts the process. */
  message: MessageName;
  /** Codes for the entry `case.registered`, beside number, process and receipt. */
  facts: Record<string, string>;
  once: CountedOnce;
}

/** @throws InputProblem 503 when the organisation has the act of a process off. */
export function actOf({ organisation }: Pick<Services, 'organisation'>, process: string) {
  const act = organisation.acts[process];
  if (!act?.on) throw new InputProblem(503, 'act-off');
  return act;
}

/** What is wrong with a moment of receipt that somebody told (null: now), as a fault of `receivedAt`; empty when nothing is. */
export function receiptFaults(
  { calendar, clock, organisation }: Pick<Services, 'calendar' | 'clock' | 'organisation'>,
  receivedAt: Date | null,
  effectiveFrom: string,
): FieldFault[] {
  const now = clock.legalNow();
  const receivedOn = localDay(receivedAt ?? now, organisation.timeZone);
  const [firstYear = 0] = calendar.years(organisation.jurisdiction);
  const fault = (code: string, params: Record<string, string>): FieldFault[] => [{ field: 'receivedAt', code, params }];
  if (receivedAt && receivedAt > now) return fault('in-future', { latest: now.toISOString() });
  // INS-35, TECH-44: the Rules apply to what was received after they took effect.
  if (receivedOn < effectiveFrom) return fault('before-act', { earliest: effectiveFrom });
  // No term can be counted from a day of which no calendar tells whether it was a working day.
  return receivedOn < `${firstYear}-01-01` ? fault('before-calendar', { earliest: `${firstYear}-01-01` }) : [];
}

/** A file whose content has been checked at the edge. */
export interface CheckedFile {
  name: string;
  contentType: string;
  content: Buffer;
}

/** Stores a file that came with a request, before the transaction that refers to it. */
export function storeAttached(
  { files, settings }: Pick<Services, 'files' | 'settings'>,
  of: { caseId: string; subjectId: string },
  { name, contentType, content }: CheckedFile,
): Promise<StoredFile> {
  return files.store({
    ...of,
    content: Readable.from([content]),
    contentType,
    name,
    maxBytes: settings.web.uploadMaxBytes,
  });
}

function sourceRefOf({ vault }: Pick<Services, 'vault'>, channel: string, number: string): string {
  return `${channel}:${vault.blindIndex('source-ref', number)}`;
}

/**
 * The keyed hash of what was sent, and of the sender's number within its channel. What another process refers has a channel of its own, so that no
 * sender takes its place, and comes again as the same whatever an erasure left of its text.
 */
export function countedOnce(
  services: Pick<Services, 'vault'>,
  content: unknown,
  idempotency: CountedOnce['idempotency'],
  source: { channel: string; number: string | null; referred?: boolean },
): CountedOnce {
  const contentHash = services.vault.blindIndex('intake-content', JSON.stringify(content));
  const { channel, number, referred = false } = source;
  const sourceRef = number ? sourceRefOf(services, referred ? 'referral' : channel, number) : null;
  return { idempotency, contentHash, sourceRef, sourceHash: sourceRef && !referred ? contentHash : null };
}

/** A case that was stored when a number counted by its channel alone: of the same sender, not of whoever happened to have its number. */
export async function storedByChannel(
  services: Pick<Services, 'cases' | 'trail' | 'vault'>,
  process: string,
  by: Actor,
  { channel, number }: { channel: string; number: string | null },
): Promise<CaseRecord | null> {
  const found = number && (await services.cases.bySourceRef(process, sourceRefOf(services, channel, number)));
  if (!found) return null;
  const first = (await services.trail.list(found._id))[0]?.by;
  return first?.kind === by.kind && (by.kind === 'person' || first.id === by.id) ? found : null;
}

/** @throws InputProblem 409 where what a key was used for before has other content. */
export function mustBeSame(
  { number, idempotency }: { number: string; idempotency: { contentHash: string } | null },
  contentHash: string | undefined,
): void {
  if (idempotency?.contentHash === contentHash) return;
  const fault = { field: 'Idempotency-Key', code: 'used-with-other-content' };
  throw new InputProblem(409, 'idempotency-conflict', [fault], { number });
}

/**
 * Registers what is not registered yet: a repeat (same key, or same channel and source number, with the same content) answers with the same case,
 * also when two come at once. `stored` finds a case whose number was stored in another way.
 * @throws InputProblem 409 for a repeated key or number with other content, which would be lost in silence, and what `register` throws.
 */
export async function registerOnce(
  services: Services,
  process: string,
  once: CountedOnce,
  register: () => Promise<CaseRecord>,
  stored: () => Promise<CaseRecord | null> = () => Promise.resolve(null),
): Promise<Registered> {
  const { cases } = services;
  const { idempotency, contentHash, sourceRef, sourceHash } = once;
  const known = async (): Promise<Registered | null> => {
    const same = idempotency && (await cases.byIdempotencyKey(idempotency.client, idempotency.key));
    if (same) mustBeSame(same, contentHash);
    if (same) return { case: same, accessCode: accessCodeOf(services, same), repeated: true };
    const former = sourceRef ? ((await cases.bySourceRef(process, sourceRef)) ?? (await stored())) : null;
    if (!former) return null;
    // A case that was stored before hashes were kept with numbers has none.
    if (sourceHash !== null && (former.sourceHash ?? sourceHash) !== sourceHash) {
      const fault = { field: 'sourceRefNo', code: 'number-of-other-content' };
      throw new InputProblem(409, 'source-number-conflict', [fault], { number: former.number });
    }
    return { case: former, accessCode: null, repeated: true };
  };
  const repeated = await known();
  if (repeated) return repeated;
  try {
    const record = await register();
    return { case: record, accessCode: accessCodeOf(services, record), repeated: false };
  } catch (error) {
    // Another request with the same key won the race: its case is the answer.
    if ((error as { code?: unknown }).code !== 11_000) throw error;
    const winner = await known();
    if (!winner) throw error;
    return winner;
  }
}

/** Takes the case's number and writes its record with the first entry of its trail. {@link startCase} sets it going. */
export async function createCase(services: Services, tx: Tx, given: NewCase): Promise<CaseRecord> {
  const { cases, numbers, organisation, trail } = services;
  const { caseId, process, subjectId, once } = given;
  const act = actOf(services, process);
  const receivedAt = given.receivedAt ?? tx.at;
  const year = Number(localDay(tx.at, organisation.timeZone).slice(0, 4));
  const number = await numbers.next(tx, given.numberKind, year);
  const record: CaseRecord = {
    ...{ _id: caseId, number, process, subjectId, receivedAt },
    jurisdiction: organisation.jurisdiction,
    orgCode: organisation.orgCode,
    state: 'open',
    outcome: null,
    legalBasis: act.legalBasis,
    purpose: act.purpose,
    registeredAt: tx.at,
    closedAt: null,
    instanceKey: null,
    engineEpoch: null,
    instanceBoundAt: null,
    accessCodeHash: given.followed ? hashAccessCode(accessCodeFor(services, caseId)) : null,
    idempotency: once.idempotency && { ...once.idempotency, contentHash: once.contentHash },
    sourceRef: once.sourceRef,
    sourceHash: once.sourceHash,
    voidReason: null,
  };
  await cases.create(tx, record);
  await trail.record(tx, {
    caseId,
    type: 'case.registered',
    data: { number, process, receivedAt: receivedAt.toISOString(), ...given.facts },
  });
  return record;
}

/** Starts the clock that runs from the receipt, and the process; once the process's own file of the case is written. */
export async function startCase(
  { clocks, outbox }: Pick<Services, 'clocks' | 'outbox'>,
  tx: Tx,
  { _id: caseId, number, process, receivedAt }: CaseRecord,
  { rule, message }: Pick<NewCase, 'rule' | 'message'>,
): Promise<void> {
  await clocks.start(tx, {
    caseId,
    caseNumber: number,
    process,
    rule,
    startedAt: receivedAt,
    // Nothing is turned away because the administrator has not put in next year's calendar: the clock waits, the watchdog says so.
    withoutCalendar: 'wait',
  });
  await outbox.message(tx, {
    caseId,
    name: message,
    correlationKey: number,
    messageId: number,
    variables: { caseId, caseNumber: number },
  });
}

/** SHA-256 of an applicant's code, as stored with the case. */
export function hashAccessCode(code: string): string {
  return createHash('sha256').update(code.replaceAll('-', '').toUpperCase()).digest('hex');
}

/** The code is derived from the case's id with a keyed hash, so that a repeated request can be answered without storing the code. */
export function accessCodeFor(services: Pick<Services, 'vault'>, caseId: string): string {
  const digest = createHash('sha256').update(services.vault.blindIndex('access-code', caseId)).digest();
  const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
  const letters = [...digest.subarray(0, 16)].map((byte) => alphabet[byte % 32]).join('');
  return letters.match(/.{4}/g)!.join('-');
}

function accessCodeOf(services: Services, record: CaseRecord): string | null {
  return record.accessCodeHash ? accessCodeFor(services, record._id) : null;
}

/** Who files, where nobody is signed in. */
export const publicActor: Actor = { kind: 'applicant', id: 'public' };
