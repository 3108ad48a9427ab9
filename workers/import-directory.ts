import { createReadStream } from 'node:fs';
import { SettingsError, loadSettings } from '../config/index.js';
import { composeServices } from '../core/compose.js';
import { DirectoryFileError } from '../core/directory.js';
import { blockLeavers } from './access-request/block-leavers.js';

/**
 * `npm run import-directory -- FILE`: employees, units, heads and branches from a CSV file (UTF-8; its columns are those of
 * local/demo/directory.csv). All of it or nothing; who is no longer in the file counts as having left, and his accounts are blocked. Exit codes: 0 done, 1 refused, 78 wrong settings.
 */
async function main(): Promise<void> {
  const [file] = process.argv.slice(2);
  if (!file) throw new Error('usage: npm run import-directory -- FILE.csv');
  const services = await composeServices(loadSettings(), 'import-directory');
  try {
    const knownBranches = services.organisation.branches.map(({ code }) => code);
    const { added, changed, unchanged, left } = await services.directory.importCsv(createReadStream(file), {
      knownBranches,
    });
    console.log(`added ${added}, changed ${changed}, unchanged ${unchanged}, left ${left}`);
    const { blocked, unanswered } = await blockLeavers(services);
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
