import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { PermanentError } from '../errors.js';

const ulid = z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Below the backup's folder, nowhere else. */
const relative = z
  .string()
  .refine((file) => !path.isAbsolute(file) && !file.split('/').includes('..'), 'leads outside');
const storedFile = z.object({ file: relative, bytes: z.number().int().min(0), sha256 });

const collection = storedFile.extend({
  name: z.string().min(1),
  options: z.record(z.string(), z.unknown()),
  indexes: z.array(z.record(z.string(), z.unknown())),
  documents: z.number().int().min(0),
});

const manifest = z.object({
  form: z.literal('merzim-backup/1'),
  id: ulid,
  at: z.iso.datetime(),
  /** Name of the life of the engine that the database knows; null before its first one. */
  engineEpoch: z.string().nullable(),
  /** Where the stream of entries of the trail stood. */
  trailEntries: z.number().int().min(0),
  databases: z.object({ application: z.array(collection), trail: z.array(collection) }),
  /** Files of the embedded engine; null where the engine is somebody else's, with backups of its own. */
  engine: z.array(storedFile).nullable(),
});

/** What a backup of the data consists of. It is written last: a folder without it is no whole backup. */
export type Manifest = z.infer<typeof manifest>;
export type StoredCollection = z.infer<typeof collection>;
export type StoredBackupFile = z.infer<typeof storedFile>;
export type DatabaseRole = keyof Manifest['databases'];

const fileName = 'manifest.json';

export async function writeManifest(folder: string, content: Manifest): Promise<void> {
  const file = path.join(folder, fileName);
  const handle = await open(`${file}.tmp`, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(content, null, 1)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.tmp`, file);
}

/** @throws PermanentError where the folder holds no whole backup. */
export function readManifest(folder: string): Manifest {
  const file = path.join(folder, fileName);
  try {
    return manifest.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new PermanentError(
      missing
        ? `${folder}: has no ${fileName}: it is no backup, or one that was not brought to its end; take another`
        : `${file}: is not as a backup writes it; take another backup`,
    );
  }
}

/** Every file of a backup. */
export function filesOf({ databases, engine }: Manifest): StoredBackupFile[] {
  return [...databases.application, ...databases.trail, ...(engine ?? [])];
}

/** Reads all files of a backup. @throws PermanentError naming each that is missing or was changed. */
export async function verifyFiles(folder: string, content: Manifest): Promise<void> {
  const faults: string[] = [];
  for (const { file, bytes, sha256: expected } of filesOf(content)) {
    const found = await stat(path.join(folder, file)).catch(() => null);
    if (!found) faults.push(`${file} is missing`);
    else if (found.size !== bytes || (await sha256Of(path.join(folder, file))) !== expected)
      faults.push(`${file} is another one than at the backup`);
  }
  if (faults.length > 0)
    throw new PermanentError(
      `${folder}: parts of different backups, or damaged; nothing was restored:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
  return hash.digest('hex');
}
