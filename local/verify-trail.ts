import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { verifyExport } from '../core/evidence/verify.js';

/**
 * `npm run verify-trail -- FILE [--public-key KEY.pem] [--checkpoints FOLDER] [--json]`: checks an export of a case without database and
 * network. Exit codes: 0 all holds, 1 something does not, 2 wrong call, or a file that can't be read.
 */
const usage = `npm run verify-trail -- FILE [--public-key KEY.pem] [--checkpoints FOLDER] [--json]

  FILE            the export of a case (INS-2026-000017.zip)
  --public-key    the key that the organisation handed over; without it the one in the export is used, which proves nothing about who signed
  --checkpoints   folder with the checkpoints that were kept apart from the database: the export's has to be among them
  --json          print the finding as JSON

Exit codes: 0 all holds, 1 something does not (the first entry that doesn't is named), 2 a wrong call or a file that can't be read.`;

function call() {
  try {
    const { values, positionals } = parseArgs({
      options: {
        'public-key': { type: 'string' },
        checkpoints: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const [file, ...more] = positionals;
    if (!file || more.length > 0) wrong('name one FILE');
    for (const name of [file, values['public-key']])
      if (name && !isReadable(name)) wrong(`${name} is no file that can be read`);
    const folder = values.checkpoints;
    if (folder && !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) wrong(`${folder} is no folder`);
    return { file, ...values };
  } catch (error) {
    wrong((error as Error).message);
  }
}

function isReadable(name: string): boolean {
  try {
    accessSync(name, constants.R_OK);
    return statSync(name).isFile();
  } catch {
    return false;
  }
}

function wrong(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

/** Every note in a folder of checkpoints, by the size that its name begins with. */
function checkpointsIn(folder: string): (size: number) => string[] {
  const names = readdirSync(folder);
  return (size) =>
    names
      .filter((name) => /^\d+/.exec(name)?.[0] === String(size).padStart(12, '0'))
      .map((name) => readFileSync(path.join(folder, name), 'utf8'));
}

const { file, checkpoints, json, 'public-key': keyFile } = call();
const found = verifyExport(file, {
  ...(keyFile ? { publicKey: readFileSync(keyFile, 'utf8') } : {}),
  ...(checkpoints ? { knownCheckpoints: checkpointsIn(checkpoints) } : {}),
});
if (json) console.log(JSON.stringify(found, null, 2));
else if (found.ok) {
  const { case: proved, checkpoint } = found;
  console.log(`${file} holds:
  archive     as it was written, to the last bit
  files       ${found.files}, each with the hash that the manifest says
  entries     1 to ${proved.entries} of ${proved.number}, none missing, none changed, the last one ${proved.lastHash}
  tree        all of them under the root ${checkpoint.root} over ${checkpoint.size} entries of ${found.origin}, signed at ${checkpoint.at}
  signature   made at ${found.signedAt} by the key ${found.fingerprint}`);
  console.log(
    found.keyGiven
      ? '  key         the one that you gave'
      : '  key         ONLY the one in the export: compare its fingerprint, or give --public-key, else a forger could have put in his own',
  );
} else console.log(`${file} DOES NOT HOLD: ${found.message}`);
process.exitCode = found.ok ? 0 : 1;
