import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Actor, Database } from '../database.js';
import { markBackup, newestEpoch } from '../engine-epoch.js';
import { openErasureList } from '../erasure-list.js';
import { createErasures } from '../erasures.js';
import { PermanentError } from '../errors.js';
import { newId } from '../ids.js';
import type { MasterKeySettings } from '../master-keys.js';
import { createTrail } from '../trail.js';
import { createVault } from '../vault.js';
import { openSnapshot } from './dump.js';
import { removeExpired, writeKeyArchive } from './key-archive.js';
import { comparePair, endRestore, loadPair, type BackupPair } from './load.js';
import { verifyFiles, writeManifest, type StoredBackupFile } from './manifest.js';

const dayMs = 24 * 3600_000;

/** The chain of the trail in which backups and restores are recorded. */
export const backupChain = 'backup';

export interface BackupSettings {
  vault: MasterKeySettings;
  erasure: { listFile: string | undefined; withinDays: number };
}

export interface BackupTaken {
  id: string;
  /** Folder of the data; null when only the keys were taken. */
  data: string | null;
  keys: string;
  keysExpireAt: Date;
  /** Backups of keys that were removed because their time is over. */
  removed: string[];
}

/**
 * Takes a backup of both databases at one moment: the data below `to`, the keys below `keysTo`. `addEngine` puts the engine's files into the
 * data's folder, where the engine stands still. Records `backup.taken`. When it fails, nothing of it remains.
 */
export async function takeBackup(
  database: Database,
  settings: BackupSettings,
  request: {
    by: Actor;
    to: string | null;
    keysTo: string;
    addEngine?: (folder: string) => Promise<StoredBackupFile[]>;
  },
): Promise<BackupTaken> {
  const { to, keysTo, addEngine } = request;
  if (to !== null) requireApart(to, keysTo);
  for (const folder of to === null ? [keysTo] : [to, keysTo]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const id = newId();
  const now = database.clock.wallNow();
  // Half as long as promised: the other half is for whoever takes backups less often, or removes copies of them.
  const keysExpireAt = new Date(now.getTime() + (settings.erasure.withinDays * dayMs) / 2);
  const trail = createTrail({ database });
  await trail.init();
  await database.transaction(request.by, (tx) =>
    trail.record(tx, { caseId: backupChain, type: 'backup.taken', subject: id, data: { data: to !== null } }),
  );
  if (to !== null) await markBackup(database);
  const at = now.toISOString();
  const folder = to === null ? null : path.join(to, `merzim-${at.slice(0, 19).replaceAll(/[-:]/g, '')}Z-${id}`);
  const snapshot = await openSnapshot(database);
  let keys: string | null = null;
  try {
    const about = { id: newId(), of: to === null ? null : id, at, expiresAt: keysExpireAt.toISOString() };
    keys = await writeKeyArchive(keysTo, about, snapshot.withheldFields(), settings.vault);
    if (folder !== null) {
      mkdirSync(folder, { mode: 0o700 });
      const databases = await snapshot.dump(folder);
      const engine = addEngine ? await addEngine(folder) : null;
      const trailEntries = databases.trail.find(({ name }) => name === 'trail')?.documents ?? 0;
      const engineEpoch = await newestEpoch(database);
      await writeManifest(folder, { form: 'merzim-backup/1', id, at, engineEpoch, trailEntries, databases, engine });
    }
  } catch (error) {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
    if (keys !== null) rmSync(keys, { force: true });
    const tooOld = [239, 246]; // SnapshotTooOld, SnapshotUnavailable
    if (!tooOld.includes((error as { code?: number }).code ?? 0)) throw error;
    throw new PermanentError(
      'MongoDB has forgotten the moment of the backup before it was read to its end: raise its parameter minSnapshotHistoryWindowInSeconds, or take the data by mongodump --oplog',
      { cause: error },
    );
  } finally {
    await snapshot.end();
  }
  return { id, data: folder, keys, keysExpireAt, removed: removeExpired(keysTo, now) };
}

export interface RestoreFindings {
  /** Subjects of the data that the keys have no key for. */
  missingKeys: number;
}

/**
 * Checks everything that can be checked before anything is written: each file of the data, the keys to their end, both against each other and
 * against the list of erasures.
 * @throws PermanentError saying what does not fit and what would.
 */
export async function checkPair(
  pair: BackupPair,
  settings: BackupSettings,
  { incompleteKeys = false }: { incompleteKeys?: boolean } = {},
): Promise<RestoreFindings> {
  const { listFile } = settings.erasure;
  if (listFile === undefined)
    throw new PermanentError(
      'ERASURES_FILE: is missing; a restore without the list of erasures brings erased persons back',
      {
        field: 'ERASURES_FILE',
      },
    );
  if (!existsSync(listFile))
    throw new PermanentError(
      `${listFile}: is not there; put the newest list of erasures there, or an empty file if nobody was ever erased`,
      { field: 'ERASURES_FILE' },
    );
  await verifyFiles(pair.folder, pair.manifest);
  const missingKeys = await comparePair(pair, openErasureList(listFile));
  const { head } = pair.keys;
  if (missingKeys > 0 && !incompleteKeys)
    throw new PermanentError(
      `keys of ${head.at} do not fit data of ${pair.manifest.at}: ${missingKeys} persons or cases of the data have no key in them. Take the backup of keys of the same moment, or any later one; or add --incomplete-keys, and they stay unreadable`,
    );
  return { missingKeys };
}

/**
 * Loads a checked pair into empty databases, erases again what is on the list of erasures, and records `backup.restored`. Until it is through,
 * no process starts on them. `beforeEnd` is what else has to be there by then.
 */
export async function restorePair(
  database: Database,
  pair: BackupPair,
  settings: BackupSettings,
  { by, missingKeys }: RestoreFindings & { by: Actor },
): Promise<{ erasedAgain: number }> {
  await loadPair(database, pair);
  const vault = createVault({ database, ...settings.vault });
  const trail = createTrail({ database });
  await vault.init();
  await trail.init();
  const outside = openErasureList(settings.erasure.listFile!);
  const erasures = createErasures({ database, vault, trail, outside });
  const erasedAgain = await erasures.replay(outside.read());
  await database.transaction(by, (tx) =>
    trail.record(tx, {
      ...{ caseId: backupChain, type: 'backup.restored', subject: pair.manifest.id },
      data: { takenAt: pair.manifest.at, keys: pair.keys.head.id, keysAt: pair.keys.head.at, missingKeys, erasedAgain },
    }),
  );
  await endRestore(database);
  return { erasedAgain };
}

function requireApart(to: string, keysTo: string): void {
  const [data, keys] = [path.resolve(to), path.resolve(keysTo)];
  const inside = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}${path.sep}`);
  if (inside(data, keys) || inside(keys, data))
    throw new PermanentError(
      'data and keys: need folders apart from each other; whoever keeps copies of the one for long would keep the other as well',
    );
}
