import type { Connection, mongo } from 'mongoose';
import type { Database } from '../../core/database.js';

/** A place where a text lies readable. */
export interface PlaintextFinding {
  database: string;
  collection: string;
  /** The document's _id; of a GridFS chunk, the file's. */
  id: string;
  needle: string;
  encoding: string;
}

/** A text as it may lie in bytes: each form that can be told from chance by its length. */
interface Pattern {
  needle: string;
  encoding: string;
  bytes: Buffer;
}

/**
 * Looks for texts in every document of both databases, as raw BSON: field names, values, binary data, and GridFS content over the borders of
 * its chunks. Each text is looked for in UTF-8, UTF-16 (both orders), lower and upper case, base64 and base64url at each of the three
 * alignments, hex, percent-encoded and with JSON escapes. A needle shorter than 6 characters would be found by chance: refused.
 */
export async function scanForPlaintext(
  database: Pick<Database, 'connection' | 'trail'>,
  needles: readonly string[],
): Promise<PlaintextFinding[]> {
  const patterns = needles.flatMap(patternsOf);
  const findings: PlaintextFinding[] = [];
  for (const connection of [database.connection, database.trail]) {
    for (const name of await collectionsOf(connection)) {
      const found = name.endsWith('.chunks')
        ? scanChunks(collection(connection, name), patterns)
        : scanDocuments(collection(connection, name), patterns);
      for await (const finding of found) findings.push({ database: connection.name, collection: name, ...finding });
    }
  }
  return findings;
}

/** The forms of `needles` that lie in some bytes (a log, a response), as `needle (encoding)`. */
export function findPlaintext(bytes: Buffer | string, needles: readonly string[]): string[] {
  const all = typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes;
  return matches(all, needles.flatMap(patternsOf)).map(({ needle, encoding }) => `${needle} (${encoding})`);
}

type Finding = Omit<PlaintextFinding, 'database' | 'collection'>;

async function* scanDocuments(documents: mongo.Collection, patterns: Pattern[]): AsyncGenerator<Finding> {
  const cursor = documents.find({}, { raw: true, batchSize: 200 });
  for await (const raw of cursor as unknown as AsyncIterable<Buffer>) {
    const found = matches(raw, patterns);
    if (found.length === 0) continue;
    const id = idOf(raw);
    for (const { needle, encoding } of found) yield { id, needle, encoding };
  }
}

async function* scanChunks(chunks: mongo.Collection, patterns: Pattern[]): AsyncGenerator<Finding> {
  const overlap = Math.max(...patterns.map(({ bytes }) => bytes.length)) - 1;
  let file: unknown;
  let tail = Buffer.alloc(0);
  const cursor = chunks.find<{ files_id: unknown; data: mongo.Binary }>(
    {},
    { sort: { files_id: 1, n: 1 }, batchSize: 8 },
  );
  for await (const { files_id, data } of cursor) {
    const bytes = Buffer.concat([String(files_id) === String(file) ? tail : Buffer.alloc(0), data.buffer]);
    file = files_id;
    for (const { needle, encoding } of matches(bytes, patterns)) yield { id: String(files_id), needle, encoding };
    tail = Buffer.from(bytes.subarray(-overlap));
  }
}

async function collectionsOf(connection: Connection): Promise<string[]> {
  const listed = await connection.db!.listCollections({}, { nameOnly: true }).toArray();
  return listed.map(({ name }) => name).filter((name) => !name.startsWith('system.'));
}

function collection(connection: Connection, name: string): mongo.Collection {
  return connection.db!.collection(name);
}

function matches(bytes: Buffer, patterns: readonly Pattern[]): Pattern[] {
  return patterns.filter((pattern) => bytes.includes(pattern.bytes));
}

function patternsOf(needle: string): Pattern[] {
  if ([...needle].length < 6)
    throw new Error(`canary "${needle}": is too short to be told from chance; at least 6 characters`);
  const found = new Map<string, Pattern>();
  const add = (encoding: string, bytes: Buffer): void => {
    const key = bytes.toString('latin1');
    if (!found.has(key)) found.set(key, { needle, encoding, bytes });
  };
  for (const [form, text] of [
    ['', needle],
    [', lower case', needle.toLowerCase()],
    [', upper case', needle.toUpperCase()],
    [', decomposed', needle.normalize('NFD')],
  ] as const) {
    const bytes = Buffer.from(text, 'utf8');
    const wide = Buffer.from(text, 'utf16le');
    add(`utf8${form}`, bytes);
    add(`utf16le${form}`, wide);
    add(`utf16be${form}`, Buffer.from(wide).swap16());
    add(`hex${form}`, Buffer.from(bytes.toString('hex')));
    add(`HEX${form}`, Buffer.from(bytes.toString('hex').toUpperCase()));
    add(`percent-encoded${form}`, Buffer.from(encodeURIComponent(text)));
    add(`form-encoded${form}`, Buffer.from(encodeURIComponent(text).replaceAll('%20', '+')));
    add(`JSON escapes${form}`, Buffer.from(jsonEscaped(text)));
    for (const [name, plain] of [
      ['base64', bytes],
      ['base64 of utf16le', wide],
    ] as const) {
      for (const shift of [0, 1, 2]) {
        const base64 = alignedBase64(plain, shift);
        add(`${name}${form}`, Buffer.from(base64));
        add(`${name}url${form}`, Buffer.from(base64.replaceAll('+', '-').replaceAll('/', '_')));
      }
    }
  }
  return [...found.values()];
}

/** The part of the base64 of `shift` unknown bytes, `bytes`, and more, that depends on `bytes` alone. */
function alignedBase64(bytes: Buffer, shift: number): string {
  const base64 = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replaceAll('=', '');
  const partial = (shift + bytes.length) % 3 === 0 ? 0 : 1;
  return base64.slice(shift === 0 ? 0 : shift + 1, base64.length - partial);
}

function jsonEscaped(text: string): string {
  return [...Array(text.length).keys()]
    .map((index) => text.charCodeAt(index))
    .map((code) => (code < 0x80 ? String.fromCharCode(code) : `\\u${code.toString(16).padStart(4, '0')}`))
    .join('');
}

/** The _id of a raw BSON document, when it is a string or an ObjectId; enough to find it again. */
function idOf(raw: Buffer): string {
  const at = raw.indexOf('_id\0', 4, 'latin1');
  const type = raw[at - 1];
  const value = at + 4;
  if (at > 0 && type === 2) return raw.toString('utf8', value + 4, value + 3 + raw.readInt32LE(value));
  if (at > 0 && type === 7) return raw.toString('hex', value, value + 12);
  return '?';
}
