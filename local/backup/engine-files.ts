import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Manifest, StoredBackupFile } from '../../core/backup/manifest.js';

/** What the embedded engine keeps: the broker's log and state, and the indices that Operate, Tasklist and the search read. */
export const engineFolders = ['broker/data', 'opensearch'] as const;

/** Left out: what a program only puts there while it runs. */
const passing = new Set(['tmp', 'node.lock', 'write.lock']);

/** Copies the engine's files, which has to stand still, into a backup; returns what the manifest says of them. */
export async function copyEngine(dataFolder: string, backup: string): Promise<StoredBackupFile[]> {
  const stored: StoredBackupFile[] = [];
  for (const folder of engineFolders)
    for (const file of await filesBelow(path.join(dataFolder, folder))) {
      const relative = path.posix.join('engine', folder, file);
      const copied = await copy(path.join(dataFolder, folder, file), path.join(backup, relative));
      stored.push({ file: relative, ...copied });
    }
  return stored;
}

/** Puts a backup's files where the engine looks for them. */
export async function putEngineBack({ engine }: Manifest, backup: string, dataFolder: string): Promise<void> {
  for (const { file } of engine ?? [])
    await copy(path.join(backup, file), path.join(dataFolder, file.slice('engine/'.length)));
}

async function filesBelow(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    if (passing.has(entry.name)) continue;
    if (entry.isFile()) found.push(entry.name);
    else if (entry.isDirectory())
      for (const file of await filesBelow(path.join(folder, entry.name))) found.push(path.posix.join(entry.name, file));
  }
  return found;
}

async function copy(from: string, to: string): Promise<{ bytes: number; sha256: string }> {
  await mkdir(path.dirname(to), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  let bytes = 0;
  const hashed = new Transform({
    transform(piece: Buffer, _encoding, callback) {
      hash.update(piece);
      bytes += piece.length;
      callback(null, piece);
    },
  });
  await pipeline(createReadStream(from), hashed, createWriteStream(to, { mode: 0o600 }));
  return { bytes, sha256: hash.digest('hex') };
}
