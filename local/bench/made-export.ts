import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeArchive, type ArchiveFile } from '../../core/evidence/archive.js';
import { signCheckpoint } from '../../core/evidence/checkpoint.js';
import { signExport } from '../../core/evidence/export-statement.js';
import { entryLine, exportFiles, exportFormat, type ExportManifest } from '../../core/evidence/export.js';
import { leafHash, LeafList, proveLeaves, rootOf, sha256 } from '../../core/evidence/merkle.js';

/** What an export is made of, each of which can be another than the rest says. */
export interface Making {
  /** Entries of the case. */
  entries: number;
  /** After how many entries of the case one of another case lies in the tree. */
  othersEvery?: number;
  origin?: string;
  caseId?: string;
  keys?: { privateKey: KeyObject; publicKey: KeyObject };
  /** Called with each line of the trail before it is written; the hashes stay those of the lines as they were. */
  line?(line: string, number: number): string | null;
  files?: ArchiveFile[];
}

/** Makes the export of a case as Merzim writes it, without a database: of any length, and by any key. */
export async function* madeExport(making: Making): AsyncGenerator<Uint8Array> {
  const { entries, othersEvery = 10, origin = 'made.invalid/trail', caseId = 'made', line = (text) => text } = making;
  const { privateKey, publicKey } = making.keys ?? generateKeyPairSync('ed25519');
  const at = new Date('2026-01-01T00:00:00.000Z');
  const tree = new LeafList();
  const places: number[] = [];
  let lastHash = '0'.repeat(64);

  function* lines(): Generator<Uint8Array> {
    for (let seq = 1, block: string[] = []; seq <= entries; seq += 1) {
      const written = entryLine({
        _id: `01K${String(seq).padStart(23, '0')}`,
        ...{ caseId, seq, at, wallAt: at, hash: '' },
        by: { kind: 'worker', id: 'inspection.request-document' },
        type: 'letter.sent',
        subject: `01L${String(seq).padStart(23, '0')}`,
        data: { letter: `INS-2026-000001/${seq}`, languages: ['kk', 'ru'], attempt: 1, repeated: false },
        previousHash: lastHash,
      });
      const hash = sha256(Buffer.from(written, 'utf8'));
      lastHash = hash.toString('hex');
      if (seq % othersEvery === 0) tree.push(leafHash(sha256(Buffer.from(`another ${seq}`))));
      places.push(tree.length);
      tree.push(leafHash(hash));
      const shown = line(written, seq);
      if (shown !== null) block.push(`${shown}\n`);
      if (block.length < 2_000 && seq < entries) continue;
      yield Buffer.from(block.join(''), 'utf8');
      block = [];
    }
  }
  const text = (path: string, content: string): ArchiveFile => ({ path, content: [Buffer.from(content, 'utf8')] });
  const subtree = (from: number, to: number): Promise<Buffer> =>
    Promise.resolve(rootOf(Array.from({ length: to - from }, (_, index) => tree.at(from + index)!)));

  async function* content(): AsyncGenerator<ArchiveFile> {
    yield { path: exportFiles.entries, content: lines() };
    const siblings = (await proveLeaves(places, tree.length, subtree)).map((hash) => hash.toString('hex'));
    yield text(exportFiles.proof, `${JSON.stringify({ size: tree.length, leaves: places, siblings })}\n`);
    const root = await subtree(0, tree.length);
    yield text(exportFiles.checkpoint, signCheckpoint(origin, { size: tree.length, root, at }, privateKey));
    yield text(exportFiles.publicKey, publicKey.export({ type: 'spki', format: 'pem' }).toString());
    yield* making.files ?? [];
  }
  async function* all(): AsyncGenerator<ArchiveFile> {
    const listed: ExportManifest['files'] = [];
    for await (const { path, content: chunks } of content()) {
      const hash = createHash('sha256');
      let bytes = 0;
      yield {
        path,
        content: (async function* () {
          for await (const chunk of chunks) {
            hash.update(chunk);
            bytes += chunk.length;
            yield chunk;
          }
        })(),
      };
      listed.push({ path, bytes, sha256: hash.digest('hex') });
    }
    const number = 'INS-2026-000001';
    const manifest: ExportManifest = {
      ...{ format: exportFormat, origin, files: listed },
      case: { id: caseId, number, entries, lastHash },
    };
    const written = `${JSON.stringify(manifest, null, 2)}\n`;
    yield text(exportFiles.manifest, written);
    const manifestSha256 = createHash('sha256').update(written).digest('hex');
    const statement = { caseId, number, entries, lastHash, size: tree.length, manifestSha256, at };
    yield text(exportFiles.signature, signExport(origin, statement, privateKey));
  }
  yield* writeArchive(all());
}
