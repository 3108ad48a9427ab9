import { createHash } from 'node:crypto';
import { mkdir, open, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Temporal } from 'temporal-polyfill';
import { ensureCollection } from '../collections.js';
import { csvLine } from '../csv.js';
import type { Database, Tx } from '../database.js';
import { newId } from '../ids.js';
import { registerRows, type RegisterRow } from '../register.js';
import type { Trail } from '../trail.js';

/** One put-away of the information on all technical requests (R17(2), TECH-31). */
export interface ArchiveBatch {
  /** The legal day. */
  _id: string;
  writtenAt: Date;
  /** Name in the folder of archives. */
  file: string;
  /** Requests in it. */
  rows: number;
  /** Hex. */
  sha256: string;
}

/** What was put away (collection `technical-archives`), each with an entry of the trail. */
export interface TechnicalArchives {
  find(day: string, tx?: Tx): Promise<ArchiveBatch | null>;
  last(): Promise<ArchiveBatch | null>;
  note(tx: Tx, batch: Omit<ArchiveBatch, 'writtenAt'>): Promise<void>;
  init(): Promise<void>;
}

/** The chain of the archives in the trail: they belong to no case. */
export const archiveChain = 'archive.technical-requests';

export function createTechnicalArchives({ database, trail }: { database: Database; trail: Trail }): TechnicalArchives {
  const archives = database.connection.collection<ArchiveBatch>('technical-archives');
  return {
    find: (day, tx) => archives.findOne({ _id: day }, tx ? { session: tx.session } : {}),
    last: () => archives.findOne({}, { sort: { _id: -1 } }),
    note: async (tx, batch) => {
      await archives.insertOne({ ...batch, writtenAt: tx.at }, { session: tx.session });
      const { _id: day, ...data } = batch;
      await trail.record(tx, { caseId: archiveChain, type: 'archive.written', subject: day, data: { day, ...data } });
    },
    init: () => ensureCollection(database.connection, 'technical-archives'),
  };
}

/** Whether the period has passed since the last put-away. @param every ISO 8601, e.g. `P1M`. @param today legal day. */
export function isArchiveDue(every: string, last: Pick<ArchiveBatch, '_id'> | null, today: string): boolean {
  if (last === null) return true;
  const next = Temporal.PlainDate.from(last._id).add(every);
  return Temporal.PlainDate.compare(next, today) <= 0;
}

const columns = [
  ...['number', 'source', 'channel', 'system', 'relatesTo', 'referredFrom', 'receivedAt', 'registeredAt', 'state'],
  ...['outcome', 'classified', 'classifiedAt', 'corrections', 'fulfilled', 'fulfilledAt', 'defectScope'],
  ...['defectSettled', 'answers', 'answeredAt', 'closedAt', 'clocks', 'concerns'],
] as const;

const iso = (at: Date | null | undefined): string => at?.toISOString() ?? '';

/**
 * A request as it is put away: codes, numbers and moments. No text, name, address or login: what is written outside of the vault could not be
 * erased there.
 */
export function archiveLine(row: RegisterRow): string | null {
  if (!('technicalRequest' in row)) return null;
  const { record, clocks, technicalRequest: request } = row;
  const { classified, fulfilled, defect, defectSettled, answers } = request;
  const clockWords = clocks.map(({ rule, state, dueAt, stoppedAt, kept }) =>
    [rule, state, iso(dueAt), iso(stoppedAt), kept === null ? '' : kept ? 'kept' : 'broken'].join(' ').trim(),
  );
  return csvLine([
    ...[record.number, request.source, request.channel, request.system ?? '', request.relatesTo ?? ''],
    ...[request.referredFrom ?? '', iso(record.receivedAt), iso(record.registeredAt), record.state],
    ...[record.outcome ?? '', classified?.as ?? '', iso(classified?.at), String(request.reclassified?.length ?? 0)],
    ...[fulfilled?.as ?? '', iso(fulfilled?.at), defect?.scope ?? '', defectSettled?.as ?? ''],
    ...[String(answers.length), iso(answers[0]?.at), iso(record.closedAt), clockWords.join('; ')],
    request.concerns ?? '',
  ]);
}

/**
 * Writes all technical requests, newest first, as CSV (RFC 4180, UTF-8 with byte order mark), and beside it its SHA-256 in the form of `sha256sum -c`.
 * The name holds the beginning of the hash: a repeat never changes a file that was recorded.
 */
export async function writeArchive(
  database: Pick<Database, 'connection' | 'clock'>,
  { folder, day, signal }: { folder: string; day: string; signal: AbortSignal },
): Promise<Omit<ArchiveBatch, 'writtenAt'>> {
  await mkdir(folder, { recursive: true });
  const unfinished = path.join(folder, `.${newId()}.part`);
  const hash = createHash('sha256');
  let rows = 0;
  const handle = await open(unfinished, 'wx', 0o640);
  try {
    const write = async (text: string): Promise<void> => {
      hash.update(text);
      await handle.appendFile(text);
    };
    await write(`\uFEFF${csvLine(columns)}`);
    for await (const row of registerRows(database, { process: 'technical-request' })) {
      signal.throwIfAborted();
      const line = archiveLine(row);
      if (line === null) continue;
      await write(line);
      rows += 1;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  const sha256 = hash.digest('hex');
  const file = `technical-requests-${day}-${sha256.slice(0, 12)}.csv`;
  await rename(unfinished, path.join(folder, file));
  await writeFile(path.join(folder, `${file}.sha256`), `${sha256}  ${file}\n`, { mode: 0o640 });
  return { _id: day, file, rows, sha256 };
}
