import { parseArgs } from 'node:util';
import { SettingsError } from '../config/index.js';
import { takeBackup } from '../core/backup/backups.js';
import { removeExpired } from '../core/backup/key-archive.js';
import { openDatabase } from '../core/database.js';
import { PermanentError } from '../core/errors.js';
import { copyEngine } from './backup/engine-files.js';
import { openPlace } from './backup/place.js';
import type { Profile } from './stack/site.js';
import { AlreadyRunningError } from './stack/run-folder.js';

const usage = `npm run backup -- --to FOLDER --keys FOLDER [--by LOGIN] [--profile start]
npm run backup -- --keys FOLDER --keys-only
npm run backup -- --keys FOLDER --remove-expired

  --to              where backups of the data go, a folder each: everything but the keys of persons
  --keys            where backups of the keys go, a file each: apart from the data. Those whose time is over are removed
  --keys-only       the keys alone, in the moment before a restore of older data
  --remove-expired  takes nothing, only removes
  --profile         which embedded stack: start, demo or test; it has to be stopped. --home FOLDER if it isn't .merzim

With MONGODB_URI set it takes that MongoDB, also while it is used; Camunda then has backups of its own. ERASURE_WITHIN_DAYS is the time within
which an erasure is promised to be true of backups: keys are kept half as long.
Exit codes: 0 done, 1 failed with nothing left behind, 2 wrong call, 78 wrong settings.`;

class WrongCall extends Error {}

function call() {
  const string = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      options: {
        ...{ to: string, keys: string, by: string, home: string, offset: string },
        ...{ 'keys-only': flag, 'remove-expired': flag, help: flag },
        profile: { type: 'string', default: 'start' },
      },
    });
    return values;
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}

async function main(): Promise<void> {
  const { to, keys, by, home, offset, profile, help, 'keys-only': keysOnly, 'remove-expired': removeOnly } = call();
  if (help) return console.log(usage);
  if (!keys) throw new WrongCall('--keys is missing');
  if (!to && !keysOnly && !removeOnly) throw new WrongCall('--to is missing');
  if (!['start', 'demo', 'test'].includes(profile)) throw new WrongCall(`--profile ${profile}: there is none`);
  const place = await openPlace({
    ...{ profile: profile as Profile, home },
    portOffset: offset === undefined ? undefined : Number(offset),
  });
  try {
    await place.startDatabase();
    const { settings, dataFolder } = place;
    // A travelled time of the embedded engine is in its database; where there is none it is the system's.
    const database = await openDatabase({ ...settings, clock: { travel: dataFolder !== null } });
    try {
      const say = (removed: string[]): void => {
        for (const name of removed) console.log(`removed   ${name}: its time is over`);
      };
      if (removeOnly) return say(removeExpired(keys, database.clock.wallNow()));
      const taken = await takeBackup(database, settings, {
        by: by === undefined ? { kind: 'system', id: 'backup' } : { kind: 'person', id: by },
        ...{ to: keysOnly ? null : to!, keysTo: keys },
        ...(dataFolder === null ? {} : { addEngine: (folder: string) => copyEngine(dataFolder, folder) }),
      });
      if (taken.data !== null) console.log(`data      ${taken.data}`);
      console.log(`keys      ${taken.keys}, to be removed after ${taken.keysExpireAt.toISOString()}`);
      say(taken.removed);
      if (taken.data !== null && dataFolder === null)
        console.log('engine    is yours: take its backup now, and restart the workers after it');
    } finally {
      await database.close();
    }
  } finally {
    await place.leave();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof WrongCall) console.error(`${error.message}\n\n${usage}`);
    else if (error instanceof AlreadyRunningError)
      console.error(`${error.message}\nEngine and database have to stand still, to be of one moment.`);
    else if (error instanceof SettingsError || error instanceof PermanentError) console.error(error.message);
    else console.error(error);
    process.exit(error instanceof SettingsError ? 78 : error instanceof WrongCall ? 2 : 1);
  },
);
