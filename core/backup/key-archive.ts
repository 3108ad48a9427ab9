import { createReadStream, readdirSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { mongo } from 'mongoose';
import { z } from 'zod';
import { PermanentError } from '../errors.js';
import { unknownMasterKey, type MasterKeySettings } from '../master-keys.js';
import { decryptTransform, encryptTransform } from '../sealed-stream.js';
import { deriveKey, masterKeys } from '../sealing.js';
import { documentsOf, plain } from './bson-stream.js';

/**
 * A backup of the keys: what {@link withheld} names, encrypted under the master key, in a file of its own that says until when it may be
 * kept. An erasure is true of backups once the last one that was taken before it is gone.
 */
export interface KeyArchiveHead {
  form: 'merzim-keys/1';
  /** ULID. */
  id: string;
  /** The backup of the data that was taken in the same moment; null when the keys were taken alone. */
  of: string | null;
  at: string;
  expiresAt: string;
  masterKeyId: string;
}

/** Fields of one document, to be set in it again. */
export interface WithheldFields {
  collection: string;
  id: string;
  /** By their paths. */
  fields: Record<string, unknown>;
}

const head = z.object({
  form: z.literal('merzim-keys/1'),
  id: z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
  of: z.string().nullable(),
  at: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  masterKeyId: z.string(),
});

const nameForm = /^merzim-keys-(\d{8}T\d{6}Z)-until-(\d{8}T\d{6}Z)-[0-9A-Z]{26}\.mzk$/;
const stamp = (iso: string): string => iso.replace(/\.\d+/, '').replaceAll(/[-:]/g, '');

/** Writes an archive (mode 0600) and returns its file. */
export async function writeKeyArchive(
  folder: string,
  about: Omit<KeyArchiveHead, 'form' | 'masterKeyId'>,
  fields: AsyncIterable<WithheldFields>,
  { masterKey }: MasterKeySettings,
): Promise<string> {
  const header = { form: 'merzim-keys/1', ...about, masterKeyId: masterKeys(masterKey).id };
  const line = JSON.stringify(header);
  const file = path.join(folder, `merzim-keys-${stamp(about.at)}-until-${stamp(about.expiresAt)}-${about.id}.mzk`);
  const handle = await open(`${file}.tmp`, 'wx', 0o600);
  try {
    await handle.write(`${line}\n`);
    const documents = async function* (): AsyncGenerator<Buffer> {
      for await (const item of fields) yield Buffer.from(mongo.BSON.serialize(item));
    };
    const output = handle.createWriteStream({ flush: true });
    await pipeline(Readable.from(documents()), encryptTransform(keyOf(masterKey), line), output);
  } finally {
    await handle.close().catch(() => undefined);
  }
  await rename(`${file}.tmp`, file);
  return file;
}

export interface KeyArchive {
  head: KeyArchiveHead;
  /** All fields, in the order of collections and ids in which they were written. @throws PermanentError when it was altered. */
  fields(): AsyncGenerator<WithheldFields>;
}

/** Opens an archive. @throws PermanentError when it is none, or when the master key that encrypted it is not here. */
export async function openKeyArchive(file: string, settings: MasterKeySettings): Promise<KeyArchive> {
  const { line, about } = await readHead(file);
  const all = [settings.masterKey, ...(settings.acceptedKeys ?? [])];
  const key = all.find((candidate) => masterKeys(candidate).id === about.masterKeyId);
  if (!key)
    throw unknownMasterKey(`the backup of the keys ${file}`, about.masterKeyId, masterKeys(settings.masterKey).id);
  return {
    head: about,
    fields: async function* () {
      const sealed = createReadStream(file, { start: Buffer.byteLength(line) + 1 });
      const opened = decryptTransform(keyOf(key), line);
      sealed.on('error', (error) => opened.destroy(error));
      for await (const document of documentsOf(sealed.pipe(opened))) yield plain<WithheldFields>(document);
    },
  };
}

/** Removes the archives of a folder that may not be kept any longer, and what was begun and not ended; returns their names. */
export function removeExpired(folder: string, now: Date): string[] {
  const limit = stamp(now.toISOString());
  const expired = readdirSync(folder).filter((name) => {
    const until = nameForm.exec(name.replace(/\.tmp$/, ''))?.[2];
    return until !== undefined && (until <= limit || name.endsWith('.tmp'));
  });
  for (const name of expired) rmSync(path.join(folder, name));
  return expired;
}

async function readHead(file: string): Promise<{ line: string; about: KeyArchiveHead }> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1024), 0, 1024, 0);
    const text = buffer.subarray(0, bytesRead).toString('latin1');
    const line = text.slice(0, Math.max(0, text.indexOf('\n')));
    return { line, about: head.parse(JSON.parse(line)) };
  } catch {
    throw new PermanentError(`${file}: is no backup of keys`);
  } finally {
    await handle.close();
  }
}

function keyOf(masterKey: Buffer): Buffer {
  return deriveKey(masterKey, 'key-backup');
}
