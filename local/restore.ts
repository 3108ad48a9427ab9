import { parseArgs } from 'node:util';
import { SettingsError } from '../config/index.js';
import { openDatabase, type Actor } from '../core/database.js';
import { acceptEngine } from '../core/engine-epoch.js';
import { PermanentError } from '../core/errors.js';
import { createTrail } from '../core/trail.js';
import { backupChain } from '../core/backup/backups.js';
import { openPlace, type Place } from './backup/place.js';
import { restoreBackup } from './backup/restore.js';
import type { Profile } from './stack/site.js';
import { AlreadyRunningError } from './stack/run-folder.js';

const usage = `npm run restore -- --from FOLDER --keys FILE --by LOGIN [--replace] [--incomplete-keys] [--profile start]
npm run restore -- --accept-engine --by LOGIN

  --from             the folder of a backup of the data
  --keys             a backup of the keys: of the same moment or later. The newest is the best
  --replace          removes what the embedded stack holds, once the backup was found whole; nothing is overwritten without
  --incomplete-keys  also where the keys are older than the data: whose key is missing stays unreadable
  --accept-engine    database and engine are of different moments, and are taken as they are
  --profile          which embedded stack: start, demo or test; it has to be stopped. --home FOLDER if it isn't .merzim

With MONGODB_URI set it restores into that MongoDB, whose two databases have to be empty. ERASURES_FILE has to be the newest list of erasures: what is on
it is erased again before anything can be read.
Exit codes: 0 done, 1 refused or failed, 2 wrong call, 78 wrong settings.`;

class WrongCall extends Error {}

function call() {
  const string = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      options: {
        ...{ from: string, keys: string, by: string, home: string, offset: string },
        ...{ replace: flag, 'incomplete-keys': flag, 'accept-engine': flag, help: flag },
        profile: { type: 'string', default: 'start' },
      },
    });
    return values;
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}

async function accept(place: Place, by: Actor): Promise<void> {
  await place.startDatabase();
  const database = await openDatabase({ ...place.settings, clock: { travel: place.dataFolder !== null } });
  try {
    const trail = createTrail({ database });
    await trail.init();
    await database.transaction(by, (tx) => trail.record(tx, { caseId: backupChain, type: 'engine.accepted' }));
    await acceptEngine(database);
    console.log('engine and database are taken as they are; look at the cases that the watchdog lists');
  } finally {
    await database.close();
  }
}

async function main(): Promise<void> {
  const values = call();
  if (values.help) return console.log(usage);
  const { from, keys, home, offset, profile } = values;
  if (!values.by) throw new WrongCall('--by is missing: the trail records who did it');
  if (!values['accept-engine'] && !(from && keys)) throw new WrongCall('--from and --keys are missing');
  if (!['start', 'demo', 'test'].includes(profile)) throw new WrongCall(`--profile ${profile}: there is none`);
  const by = { kind: 'person', id: values.by } as const;
  const place = await openPlace({
    ...{ profile: profile as Profile, home },
    portOffset: offset === undefined ? undefined : Number(offset),
  });
  try {
    if (values['accept-engine']) return await accept(place, by);
    const { replace, 'incomplete-keys': incompleteKeys } = values;
    const restored = await restoreBackup(place, { from: from!, keys: keys!, by, replace, incompleteKeys });
    console.log(
      `restored      backup ${restored.id} of ${restored.takenAt}${restored.engine ? ', with the engine' : ''}`,
    );
    console.log(`erased again  ${restored.erasedAgain}`);
    if (restored.missingKeys > 0) console.log(`unreadable    ${restored.missingKeys}, whose keys are missing`);
    if (restored.keysOverdueDays > 0)
      console.log(`WARNING       the backup of the keys should have been removed ${restored.keysOverdueDays} days ago`);
    if (!restored.engine) console.log('engine        is yours: restore it to the same moment before anything starts');
  } finally {
    await place.leave();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof WrongCall) console.error(`${error.message}\n\n${usage}`);
    else if (error instanceof SettingsError || error instanceof PermanentError || error instanceof AlreadyRunningError)
      console.error(error.message);
    else console.error(error);
    process.exit(error instanceof SettingsError ? 78 : error instanceof WrongCall ? 2 : 1);
  },
);
