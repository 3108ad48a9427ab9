import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { checkPair, restorePair } from '../../core/backup/backups.js';
import { openKeyArchive } from '../../core/backup/key-archive.js';
import { readManifest } from '../../core/backup/manifest.js';
import { openDatabase, type Actor } from '../../core/database.js';
import { PermanentError } from '../../core/errors.js';
import { putEngineBack } from './engine-files.js';
import { markUnfinished, unmarkUnfinished, type Place } from './place.js';

/** Folders of an embedded stack that a restore fills; secrets and list of erasures stay what they are, checkpoints are set aside. */
const filled = ['mongod', 'broker', 'opensearch'];

export interface RestoreRequest {
  from: string;
  keys: string;
  by: Actor;
  /** Removes what an embedded stack holds, once the backup was found whole. */
  replace: boolean;
  incompleteKeys: boolean;
}

export interface Restored {
  id: string;
  takenAt: string;
  erasedAgain: number;
  missingKeys: number;
  /** Days over the time for which the keys may be kept; 0 within it. */
  keysOverdueDays: number;
  engine: boolean;
}

/**
 * Restores a backup: checks all of it first, then overwrites nothing unless told to. Killed anywhere, nothing starts on what is half there, and
 * it can be called again.
 */
export async function restoreBackup(place: Place, request: RestoreRequest): Promise<Restored> {
  const { settings, dataFolder } = place;
  const { from, by, incompleteKeys, replace } = request;
  const manifest = readManifest(from);
  const keys = await openKeyArchive(request.keys, settings.vault);
  const pair = { folder: from, manifest, keys };
  const { missingKeys } = await checkPair(pair, settings, { incompleteKeys });
  if (dataFolder !== null) {
    if (manifest.engine === null)
      throw new PermanentError(
        `${from}: has no data of the embedded engine; database and engine have to be of one moment`,
      );
    const full = filled.filter((name) => holdsData(path.join(dataFolder, name)));
    if (full.length > 0 && !replace)
      throw new PermanentError(
        `${dataFolder}: holds data (${full.join(', ')}); nothing was overwritten. Take a backup of them if they may be needed, and add --replace to remove them`,
      );
    markUnfinished(dataFolder, manifest.id);
    for (const name of filled) rmSync(path.join(dataFolder, name), { recursive: true, force: true });
    await putEngineBack(manifest, from, dataFolder);
    setAside(settings.evidence.checkpointsFolder, manifest.id);
  }
  await place.startDatabase();
  const database = await openDatabase({ ...settings, clock: { travel: dataFolder !== null } }, { restoring: true });
  try {
    const { erasedAgain } = await restorePair(database, pair, settings, { by, missingKeys });
    const overdueMs = database.clock.wallNow().getTime() - Date.parse(keys.head.expiresAt);
    if (dataFolder !== null) unmarkUnfinished(dataFolder);
    return {
      ...{ id: manifest.id, takenAt: manifest.at, erasedAgain, missingKeys },
      keysOverdueDays: Math.max(0, Math.ceil(overdueMs / (24 * 3600_000))),
      engine: manifest.engine !== null,
    };
  } finally {
    await database.close();
  }
}

/**
 * The sealer refuses a database that has less than the checkpoints it kept: after a restore it begins a folder of its own, and the former one
 * tells what was lost.
 */
function setAside(checkpoints: string | undefined, id: string): void {
  const former = `${checkpoints}-before-${id}`;
  if (checkpoints && existsSync(checkpoints) && !existsSync(former)) renameSync(checkpoints, former);
}

/** Whether a component of the stack has run there: its folder for passing files alone is nothing. */
function holdsData(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((name) => name !== 'tmp');
}
