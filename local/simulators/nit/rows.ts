import { createHash } from 'node:crypto';

/** What an export holds. The same plan always gives the same bytes: nothing random, nothing from the clock. */
export interface RowPlan {
  seed: string;
  system: string;
  facts: string[];
  subjects: string[];
  fromMs: number;
  toMs: number;
  rows: number;
  rowsPerPart: number;
  contentFault?: { kind: ContentFault; part: number };
}

/** One row in the middle of the named part is not as it should be; the manifest's hashes cover it all the same. */
export type ContentFault =
  'out-of-period' | 'wrong-system' | 'wrong-subject' | 'wrong-fact' | 'extra-field' | 'bad-row' | 'long-row';

export interface Part {
  number: number;
  rows: number;
  bytes: number;
  sha256: string;
}

const operations = ['record.viewed', 'record.searched', 'record.printed', 'record.exported', 'request.opened'];
const chunkBytes = 64 * 1024;

export function partCount(plan: RowPlan): number {
  return Math.ceil(plan.rows / plan.rowsPerPart);
}

/** The bytes of one part (numbered from 1) in chunks of about 64 KiB: NDJSON, each row ended by a line feed. */
export function* partChunks(plan: RowPlan, number: number): Generator<Buffer> {
  const first = (number - 1) * plan.rowsPerPart;
  const end = Math.min(first + plan.rowsPerPart, plan.rows);
  const random = mulberry32(createHash('sha256').update(`${plan.seed}|${number}`).digest().readUInt32LE(0));
  const faultAt = plan.contentFault?.part === number ? first + Math.floor((end - first) / 2) : -1;
  const span = plan.toMs - plan.fromMs;
  let text = '';
  for (let i = first; i < end; i++) {
    const row = {
      rowId: `${plan.system}-${String(i + 1).padStart(9, '0')}`,
      occurredAt: new Date(plan.fromMs + Math.floor((span * i) / plan.rows)).toISOString(),
      system: plan.system,
      factId: pick(plan.facts, random()),
      actorEmployeeId: pick(plan.subjects, random()),
      operation: pick(operations, random()),
      objectRef: `obj-${Math.floor(random() * 0xffffffff).toString(16)}`,
      recipientRef: random() < 0.25 ? `rcp-${Math.floor(random() * 0xffffff).toString(16)}` : null,
    };
    text += i === faultAt ? faulty(row, plan) : JSON.stringify(row);
    text += '\n';
    if (text.length >= chunkBytes) {
      yield Buffer.from(text);
      text = '';
    }
  }
  if (text !== '') yield Buffer.from(text);
}

/** Counts and hashes a part without keeping it; gives way to other requests after each chunk. */
export async function measurePart(plan: RowPlan, number: number): Promise<Part> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const chunk of partChunks(plan, number)) {
    hash.update(chunk);
    bytes += chunk.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const rows = Math.min(plan.rowsPerPart, plan.rows - (number - 1) * plan.rowsPerPart);
  return { number, rows, bytes, sha256: hash.digest('hex') };
}

/** The manifest's own hash: SHA-256 over the parts' lower-case hex hashes, in order, with nothing between. */
export function hashOfParts(parts: { sha256: string }[]): string {
  return createHash('sha256')
    .update(parts.map((part) => part.sha256).join(''))
    .digest('hex');
}

function faulty(row: Record<string, unknown>, plan: RowPlan): string {
  switch (plan.contentFault?.kind) {
    case 'out-of-period':
      return JSON.stringify({ ...row, occurredAt: new Date(plan.toMs).toISOString() });
    case 'wrong-system':
      return JSON.stringify({ ...row, system: plan.system === 'iisPsc' ? 'egovPortal' : 'iisPsc' });
    case 'wrong-subject':
      return JSON.stringify({ ...row, actorEmployeeId: 'nobody-asked-about' });
    case 'wrong-fact':
      return JSON.stringify({ ...row, factId: 'nobody-asked-about' });
    case 'extra-field':
      return JSON.stringify({ ...row, citizenName: 'A name that nobody asked for' });
    case 'long-row':
      return JSON.stringify({ ...row, objectRef: 'x'.repeat(1024 * 1024) });
    default:
      return '{"rowId": "cut off';
  }
}

function pick<T>(values: readonly T[], at: number): T {
  return values[Math.floor(at * values.length)] as T;
}

/** A small generator of 32-bit numbers with a seed (public domain algorithm): speed matters here, secrecy does not. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
