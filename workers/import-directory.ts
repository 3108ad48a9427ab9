import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { SettingsError, loadSettings } from '../config/index.js';
import { composeServices } from '../core/compose.js';
import { DirectoryFileError } from '../core/directory.js';
import { blockStaff } from './access-request/block-staff.js';

/**
 * `npm run import-directory -- FILE [--renamed]`: employees, units, heads and branches from a CSV file (UTF-8; its columns are those of
 * local/demo/directory.csv). All of it or nothing. Who is no longer in the file counts as having left, and who has another unit or position as
 * transferred: their accounts are blocked. `--renamed`: units and positions have new ids or names only. Exit codes: 0 done, 1 refused, 78 wrong settings.
 */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { renamed: { type: 'boolean' } } });
  const [file] = positionals;
  if (!file || positionals.length > 1) throw new Error('usage: npm run import-directory -- FILE.csv [--renamed]');
  const services = await composeServices(loadSettings(), 'import-directory');
  try {
    const knownBranches = services.organisation.branches.map(({ code }) => code);
    const { added, changed, transferred, unchanged, left } = await services.directory.importCsv(
      createReadStream(file),
      { knownBranches, renamed: values.renamed === true },
    );
    console.log(
      `added ${added}, changed ${changed} (transferred ${transferred}), unchanged ${unchanged}, left ${left}`,
    );
    const { blocked, unanswered } = await blockStaff(services);
    console.log(
      `accounts blocked ${blocked}${unanswered ? `; the others with the day's look at all accounts: ${unanswered}` : ''}`,
    );
  } finally {
    await services.database.close();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const known = error instanceof SettingsError || error instanceof DirectoryFileError;
    console.error(error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : error);
    process.exit(error instanceof SettingsError ? 78 : 1);
  },
);
