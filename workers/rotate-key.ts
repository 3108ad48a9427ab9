import { parseArgs } from 'node:util';
import { loadSettings, SettingsError } from '../config/index.js';
import { composeServices } from '../core/compose.js';
import { PermanentError } from '../core/errors.js';
import { createKeyRotation } from '../core/key-rotation.js';

const usage = `npm run rotate-key                          shows which master keys wrap how many keys
npm run rotate-key -- --by LOGIN --yes      wraps all of them by MASTER_KEY

  MASTER_KEY            the new master key
  MASTER_KEYS_ACCEPTED  the former one (or several), so that what it wrapped can be read

Data are not touched. It may run beside the processes if each of them has both keys, and may be killed and called again.
Exit codes: 0 done or shown, 1 a key is wrapped by a master key that is missing or was altered, 2 wrong call, 78 wrong settings.`;

class WrongCall extends Error {}

function call() {
  try {
    const flag = { type: 'boolean', default: false } as const;
    return parseArgs({ options: { by: { type: 'string' }, yes: flag, help: flag } }).values;
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}

async function main(): Promise<number> {
  const { by, yes, help } = call();
  if (help) {
    console.log(usage);
    return 0;
  }
  if (yes && !by) throw new WrongCall('--by is missing: the trail records who did it');
  const settings = loadSettings();
  const { database, trail } = await composeServices(settings, 'rotate-key');
  try {
    const rotation = createKeyRotation({ database, trail, ...settings.vault });
    const { currentId, byMasterKey } = await rotation.look();
    console.log(`MASTER_KEY is ${currentId}`);
    for (const { masterKeyId, keys, accepted } of byMasterKey)
      console.log(
        `  ${keys} wrapped by ${masterKeyId}${masterKeyId === currentId ? ', which is MASTER_KEY' : accepted ? '' : ', which is MISSING'}`,
      );
    if (!yes) {
      const former = byMasterKey.filter(({ masterKeyId }) => masterKeyId !== currentId);
      const left = former.reduce((sum, { keys }) => sum + keys, 0);
      console.log(
        left === 0 ? 'nothing to do' : `would be wrapped anew: ${left}; nothing was written, add --by and --yes`,
      );
      return 0;
    }
    const { rewrapped, altered } = await rotation.rotate({ kind: 'person', id: by! });
    console.log(`wrapped anew: ${rewrapped}`);
    for (const what of altered)
      console.error(`${what}: was altered and is left as it is; a backup of the keys may have it`);
    return altered.length > 0 ? 1 : 0;
  } finally {
    await database.close();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof WrongCall) console.error(`${error.message}\n\n${usage}`);
    else if (error instanceof SettingsError || error instanceof PermanentError) console.error(error.message);
    else console.error(error);
    process.exit(error instanceof SettingsError ? 78 : error instanceof WrongCall ? 2 : 1);
  },
);
