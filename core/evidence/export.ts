import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical.js';
import type { Trail, TrailEntry } from '../trail.js';
import { writeArchive, type ArchiveFile } from './archive.js';
import type { ExportStatement } from './export-statement.js';
import { proveLeaves } from './merkle.js';
import type { SealLog } from './seal-log.js';
import type { SealRequests } from './sealer.js';

/** Names of the files that every export has; what else is in it depends on the case and on who exports. */
export const exportFiles = {
  readme: 'README.txt',
  entries: 'trail/entries.jsonl',
  proof: 'trail/proof.json',
  checkpoint: 'trail/checkpoint.txt',
  publicKey: 'public-key.pem',
  manifest: 'manifest.json',
  signature: 'manifest.signature.txt',
} as const;

/** Value of `format` in a manifest. */
export const exportFormat = 'merzim-case-export/1';

/** `trail/proof.json`: where in the tree the case's entries are, and the hashes of the rest (see {@link proveLeaves}). */
export interface ExportProof {
  /** Leaves of the tree. */
  size: number;
  /** Leaf of each entry of `trail/entries.jsonl`, in its order. */
  leaves: number[];
  /** Hex. */
  siblings: string[];
}

/** `manifest.json`: what is in an export, and whose. */
export interface ExportManifest {
  format: typeof exportFormat;
  /** Name of the log whose checkpoint proves the entries. */
  origin: string;
  case: { id: string; number: string; entries: number; lastHash: string };
  /** Every file of the archive before the manifest, in order. */
  files: { path: string; bytes: number; sha256: string }[];
}

const readme = `An export of one case, as Merzim keeps it.

trail/entries.jsonl     every entry of the case's history, one a line. A line is the RFC 8785 form of the entry; the SHA-256 of the line's
                        bytes is the entry's hash, and the next line holds it as previousHash.
trail/proof.json        where the entries are in the Merkle tree (RFC 9162) over the entries of all cases, with the hashes of its other parts.
trail/checkpoint.txt    the signed root of that tree (C2SP signed note, Ed25519).
manifest.json           the SHA-256 of every file here; manifest.signature.txt signs it, with the number of entries and the last one's hash.
public-key.pem          the key. Compare it with the one that the organisation handed over or published: a forger would put in his own.

Checked by:  npm run verify-trail -- FILE --public-key KEY.pem        (needs neither a database nor a network)
`;

/**
 * Writes the export of a case, chunk by chunk: has the sealer cover its last entry first, so that the tail is proved, and sign the manifest at
 * the end.
 * @param files What the reader may see of the case, in any order; paths as {@link ArchiveFile}.
 * @throws SealerSilentError when no sealer answers.
 */
export async function* writeExport(
  deps: {
    trail: Pick<Trail, 'list'>;
    log: Pick<SealLog, 'leavesOf' | 'checkpointOver' | 'subtree'>;
    requests: Pick<SealRequests, 'checkpoint' | 'sign'>;
    origin: string;
    /** PEM of the sealer's public key. */
    publicKey: string;
  },
  asked: { caseId: string; number: string; files: Iterable<ArchiveFile> | AsyncIterable<ArchiveFile> },
): AsyncGenerator<Uint8Array> {
  const { trail, log, requests, origin, publicKey } = deps;
  const { caseId, number } = asked;
  const size = await requests.checkpoint(caseId, await lengthOf(trail, caseId));
  const [leaves, checkpoint] = await Promise.all([log.leavesOf(caseId, size), log.checkpointOver(size)]);
  const indexes = leaves.map(({ _id }) => _id);
  const siblings = await proveLeaves(
    [...indexes].sort((a, b) => a - b),
    size,
    log.subtree,
  );
  const proof: ExportProof = { size, leaves: indexes, siblings: siblings.map((hash) => hash.toString('hex')) };
  const statement = { caseId, number, entries: leaves.length, lastHash: leaves.at(-1)!.hash, size };
  const listed: ExportManifest['files'] = [];

  async function* all(): AsyncGenerator<ArchiveFile> {
    const text = (path: string, content: string): ArchiveFile => ({ path, content: [Buffer.from(content, 'utf8')] });
    yield text(exportFiles.readme, readme);
    yield { path: exportFiles.entries, content: lines(trail, caseId, leaves.length) };
    yield text(exportFiles.proof, `${JSON.stringify(proof)}\n`);
    yield text(exportFiles.checkpoint, checkpoint!.note);
    yield text(exportFiles.publicKey, publicKey);
    yield* asked.files;
  }
  async function* counted(): AsyncGenerator<ArchiveFile> {
    for await (const { path, content } of all()) {
      const hash = createHash('sha256');
      let bytes = 0;
      yield {
        path,
        content: (async function* () {
          for await (const chunk of content) {
            hash.update(chunk);
            bytes += chunk.length;
            yield chunk;
          }
        })(),
      };
      listed.push({ path, bytes, sha256: hash.digest('hex') });
    }
    const { entries, lastHash } = statement;
    const manifest: ExportManifest = {
      format: exportFormat,
      origin,
      case: { id: caseId, number, entries, lastHash },
      files: listed,
    };
    const written = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`, 'utf8');
    yield { path: exportFiles.manifest, content: [written] };
    const manifestSha256 = createHash('sha256').update(written).digest('hex');
    const note = await requests.sign({ ...statement, manifestSha256 } satisfies Omit<ExportStatement, 'at'>);
    yield { path: exportFiles.signature, content: [Buffer.from(note, 'utf8')] };
  }
  yield* writeArchive(counted());
}

/** An entry as its line in `trail/entries.jsonl`: what was hashed, without a line feed. */
export function entryLine({ hash: _hash, ...entry }: TrailEntry): string {
  return canonicalJson({ ...entry, by: { kind: entry.by.kind, id: entry.by.id } });
}

async function* lines(trail: Pick<Trail, 'list'>, caseId: string, upTo: number): AsyncGenerator<Uint8Array> {
  for (let after = 0; after < upTo;) {
    const entries = await trail.list(caseId, { after, limit: Math.min(1000, upTo - after) });
    if (entries.length === 0) throw new Error(`the trail of ${caseId} ends before entry ${upTo}`);
    after += entries.length;
    yield Buffer.from(entries.map((entry) => `${entryLine(entry)}\n`).join(''), 'utf8');
  }
}

async function lengthOf(trail: Pick<Trail, 'list'>, caseId: string): Promise<number> {
  let length = 0;
  for (let page = await trail.list(caseId); page.length > 0; page = await trail.list(caseId, { after: length }))
    length = page.at(-1)!.seq;
  return length;
}
