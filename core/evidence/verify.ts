import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { Archive, ArchiveFault, type ArchiveMember } from './archive.js';
import { openCheckpoint, type Checkpoint } from './checkpoint.js';
import { exportFiles, exportFormat, type ExportManifest, type ExportProof } from './export.js';
import { openExport, type ExportStatement } from './export-statement.js';
import { leafHash, LeafList, rootFromProof, sha256 } from './merkle.js';
import { fingerprintOf } from './signed-note.js';

/** What an export was found to prove, or the first thing in it that doesn't hold. */
export type Verification =
  | {
      ok: true;
      case: ExportManifest['case'];
      origin: string;
      /** Files apart from the manifest and its signature. */
      files: number;
      checkpoint: { size: number; root: string; at: string };
      signedAt: string;
      /** Of the key that signed, hex. */
      fingerprint: string;
      /** False when the key is only the one in the archive, which a forger could have put there. */
      keyGiven: boolean;
    }
  | {
      ok: false;
      /** Which part doesn't hold. */
      part: 'archive' | 'key' | 'signature' | 'file' | 'entry' | 'checkpoint' | 'proof';
      /** Number of the first entry that doesn't hold, for `entry`. */
      entry?: number;
      message: string;
    };

class Fault extends Error {
  constructor(
    readonly part: Extract<Verification, { ok: false }>['part'],
    message: string,
    readonly entry?: number,
  ) {
    super(message);
  }
}

/** Files that are read as a whole may have this many bytes. */
const wholeBytes = 256 * 1024 * 1024;
/** An entry may have this many bytes: ids, codes and moments never come near it. */
const entryBytes = 1024 * 1024;

/**
 * Checks an export from a file: its form to the last bit, the signature, every file's hash, every entry of the chain, and that these entries
 * are in the signed tree. Needs neither database nor network. Never throws for what is in the file, whoever wrote it. Reads it in pieces: 40
 * bytes of memory for an entry.
 * @param options.publicKey PEM of the key that the organisation handed over; without it the archive's own is used.
 * @param options.knownCheckpoints Checkpoints from the second place, by size: the export's has to be among them.
 */
export function verifyExport(
  file: string,
  options: { publicKey?: string; knownCheckpoints?: (size: number) => readonly string[] } = {},
): Verification {
  let archive: Archive;
  try {
    archive = new Archive(file);
  } catch (error) {
    if (!(error instanceof ArchiveFault)) throw error;
    return { ok: false, part: 'archive', message: `the archive is not as it was written: ${error.message}` };
  }
  try {
    return verify(archive, options);
  } catch (error) {
    if (error instanceof Fault)
      return {
        ok: false,
        part: error.part,
        ...(error.entry === undefined ? {} : { entry: error.entry }),
        message: error.message,
      };
    if (error instanceof ArchiveFault)
      return { ok: false, part: 'archive', message: `the archive is not as it was written: ${error.message}` };
    throw error;
  } finally {
    archive.close();
  }
}

function verify(
  archive: Archive,
  options: { publicKey?: string; knownCheckpoints?: (size: number) => readonly string[] },
): Verification {
  const members = new Map(archive.members.map((member) => [member.path, member]));
  const need = (path: string): ArchiveMember => {
    const member = members.get(path);
    if (!member) throw new Fault('archive', `the archive has no ${path}`);
    return member;
  };
  const key = readKey(options.publicKey ?? whole(need(exportFiles.publicKey)).toString('utf8'));
  const written = whole(need(exportFiles.manifest));
  const manifest = readManifest(written);
  // The chain first: where an entry was touched, saying which one helps more than saying that a file was.
  const found = readEntries(need(exportFiles.entries), manifest.case);

  const { origin } = manifest;
  const statement = openExport(origin, whole(need(exportFiles.signature)).toString('utf8'), key);
  if (!statement) throw new Fault('signature', 'the signature under the manifest is not by this key, or was altered');
  checkStatement(statement, manifest, written);
  checkFiles(archive, manifest);

  const note = whole(need(exportFiles.checkpoint)).toString('utf8');
  const checkpoint = openCheckpoint(origin, note, key);
  if (!checkpoint) throw new Fault('checkpoint', 'the checkpoint is not by this key, of another log, or altered');
  checkProof(whole(need(exportFiles.proof)), checkpoint, statement, found);
  if (options.knownCheckpoints && !options.knownCheckpoints(checkpoint.size).includes(note))
    throw new Fault('checkpoint', `the checkpoint over ${checkpoint.size} entries is not the one that was kept`);
  return {
    ok: true,
    case: manifest.case,
    origin,
    files: manifest.files.length,
    checkpoint: { size: checkpoint.size, root: checkpoint.root.toString('hex'), at: checkpoint.at.toISOString() },
    signedAt: statement.at.toISOString(),
    fingerprint: fingerprintOf(key),
    keyGiven: options.publicKey !== undefined,
  };
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Not a key at all: the same fault.
  }
  throw new Fault('key', 'the public key is not an Ed25519 key in PEM');
}

function readManifest(written: Buffer): ExportManifest {
  const parsed = json(written, exportFiles.manifest) as Partial<ExportManifest> | null;
  const isCase = (value: Partial<ExportManifest['case']> | undefined): boolean =>
    typeof value?.id === 'string' && Number.isSafeInteger(value.entries) && typeof value.lastHash === 'string';
  if (
    parsed?.format !== exportFormat ||
    typeof parsed.origin !== 'string' ||
    !isCase(parsed.case) ||
    !Array.isArray(parsed.files) ||
    !parsed.files.every(isListed)
  )
    throw new Fault('archive', `${exportFiles.manifest} is not of the form ${exportFormat}`);
  return parsed as ExportManifest;
}

const isListed = (value: unknown): boolean => {
  const { path, bytes, sha256: hash } = (value ?? {}) as Record<string, unknown>;
  return typeof path === 'string' && typeof bytes === 'number' && typeof hash === 'string';
};

/** Leaf hashes of the entries, after checking each one's number, case and link. */
function readEntries(member: ArchiveMember, expected: ExportManifest['case']): LeafList {
  const leaves = new LeafList();
  let previous = '0'.repeat(64);
  let broken: ArchiveFault | null = null;
  try {
    for (const line of linesOf(member)) {
      const number = leaves.length + 1;
      const entry = line.length > entryBytes ? null : parseEntry(line);
      if (!entry) throw new Fault('entry', `entry ${number} can't be read`, number);
      if (entry.caseId !== expected.id) throw new Fault('entry', `entry ${number} is of another case`, number);
      if (entry.seq !== number)
        throw new Fault('entry', `entry ${number} is missing: number ${String(entry.seq)} stands in its place`, number);
      if (entry.previousHash !== previous) {
        const touched = Math.max(1, number - 1);
        throw new Fault('entry', `entry ${touched} is not the one that entry ${number} follows`, touched);
      }
      const hash = sha256(line);
      previous = hash.toString('hex');
      leaves.push(leafHash(hash));
    }
  } catch (error) {
    // The checksum of the file comes behind its last line: which entry it is says more.
    if (!(error instanceof ArchiveFault)) throw error;
    broken = error;
  }
  if (leaves.length !== expected.entries) {
    const first = Math.min(leaves.length, expected.entries) + 1;
    throw new Fault('entry', `the case has ${expected.entries} entries, here are ${leaves.length}`, first);
  }
  if (previous !== expected.lastHash)
    throw new Fault('entry', `entry ${leaves.length}, the last one, is not the one that was signed`, leaves.length);
  if (broken) throw broken;
  return leaves;
}

/** An entry's members; null for a line that is no JSON object. */
function parseEntry(line: Buffer): { caseId?: unknown; seq?: unknown; previousHash?: unknown } | null {
  try {
    const parsed: unknown = JSON.parse(line.toString('utf8'));
    return typeof parsed === 'object' ? parsed : null;
  } catch {
    return null;
  }
}

/** Lines of a file without their line feed; each is only valid until the next is asked for. One that is too long for an entry ends them. */
function* linesOf(member: ArchiveMember): Generator<Buffer> {
  let rest = Buffer.alloc(0);
  for (const chunk of member.content()) {
    const text =
      rest.length > 0 ? Buffer.concat([rest, chunk]) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let from = 0;
    for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, from)) {
      yield text.subarray(from, end);
      from = end + 1;
    }
    if (text.length - from > entryBytes) {
      yield text.subarray(from);
      return;
    }
    rest = Buffer.from(text.subarray(from));
  }
  if (rest.length > 0) yield rest;
}

function checkStatement(statement: ExportStatement, manifest: ExportManifest, written: Buffer): void {
  const { case: signed } = manifest;
  if (createHash('sha256').update(written).digest('hex') !== statement.manifestSha256)
    throw new Fault('signature', 'the manifest is not the one that was signed');
  if (
    statement.caseId !== signed.id ||
    statement.number !== signed.number ||
    statement.entries !== signed.entries ||
    statement.lastHash !== signed.lastHash
  )
    throw new Fault('signature', 'the signature is of another case or of another number of entries');
}

function checkFiles(archive: Archive, manifest: ExportManifest): void {
  const { members } = archive;
  if (members.at(-2)?.path !== exportFiles.manifest || members.at(-1)?.path !== exportFiles.signature)
    throw new Fault('archive', 'the manifest and its signature are not the last files');
  const listed = members.slice(0, -2);
  for (const [at, { path, bytes, sha256: expected }] of manifest.files.entries()) {
    const member = listed[at];
    if (member?.path !== path) throw new Fault('file', `${path} is missing, or in another place`);
    if (member.bytes !== bytes || hashOf(member) !== expected) throw new Fault('file', `${path} was altered`);
  }
  const extra = listed[manifest.files.length];
  if (extra) throw new Fault('file', `${extra.path} was put in`);
}

function hashOf(member: ArchiveMember): string {
  const hash = createHash('sha256');
  for (const chunk of member.content()) hash.update(chunk);
  return hash.digest('hex');
}

function checkProof(written: Buffer, checkpoint: Checkpoint, statement: ExportStatement, leaves: LeafList): void {
  const proof = json(written, exportFiles.proof) as Partial<ExportProof> | null;
  const isHash = (hash: unknown): boolean => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash);
  if (!Array.isArray(proof?.leaves) || !Array.isArray(proof.siblings) || !proof.siblings.every(isHash))
    throw new Fault('proof', 'the proof has another form');
  if (proof.size !== checkpoint.size || statement.size !== checkpoint.size)
    throw new Fault('checkpoint', 'the checkpoint is not the one that the entries were proved by');
  const root =
    proof.leaves.length === leaves.length
      ? rootFromProof(
          ...inOrder(proof.leaves, leaves),
          checkpoint.size,
          proof.siblings.map((hash) => Buffer.from(hash, 'hex')),
        )
      : null;
  if (!root?.equals(checkpoint.root))
    throw new Fault('proof', 'the entries are not in the signed tree, or not at these places');
}

/** Leaves by their place in the tree. Entries nearly always lie in it in their own order. */
function inOrder(places: readonly number[], leaves: LeafList): [number[], LeafList] {
  if (places.every((place, at) => at === 0 || place > places[at - 1]!)) return [[...places], leaves];
  const order = places.map((_, at) => at).sort((a, b) => places[a]! - places[b]!);
  const sorted = new LeafList();
  for (const at of order) sorted.push(leaves.at(at)!);
  return [order.map((at) => places[at]!), sorted];
}

function whole(member: ArchiveMember): Buffer {
  if (member.bytes > wholeBytes) throw new Fault('archive', `${member.path} is too long`);
  const chunks: Buffer[] = [];
  for (const chunk of member.content()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function json(content: Buffer, path: string): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    throw new Fault('archive', `${path} is no JSON`);
  }
}
