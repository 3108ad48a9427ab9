/**
 * `npm run term -- try DMNFILE [--rule DL-INS-1] [--by-validity] [--json]`: what an edited table of terms would have made of the clocks in MongoDB. Reads
 * only. Ends with 1 and the faults when the file is no such table, with 2 when the call is wrong.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SettingsError, inProject, loadOrganisation, loadSettings } from '../config/index.js';
import { createCalendars } from '../core/calendars.js';
import { openDatabase } from '../core/database.js';
import { loadDeadlineTable, type DeadlineTable } from '../core/deadline-table.js';
import { PermanentError } from '../core/errors.js';
import { createTermTrial, storedClocks } from '../core/term-trial.js';
import { createTrialReport } from './term/report.js';

const usage =
  'usage: npm run term -- try DMNFILE [--rule DL-INS-1] [--by-validity] [--json]\n' +
  '  Each clock is counted with the newest row of its rule; with --by-validity, with the row for the day on which it began.\n' +
  '  It changes nothing. It needs the settings of the application (MONGODB_URI, ...).';

class UsageError extends Error {}

interface Call {
  file: string;
  rule: string | undefined;
  byValidity: boolean;
  json: boolean;
}

function readCall(args: string[]): Call {
  let values, positionals;
  try {
    ({ values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        rule: { type: 'string' },
        'by-validity': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const [name, file, ...rest] = positionals;
  if (name !== 'try') throw new UsageError(name ? `there is no subcommand "${name}"` : 'a subcommand is missing');
  if (!file) throw new UsageError('the file of the edited table is missing');
  if (rest.length > 0) throw new UsageError(`one file at a time; ${rest.join(', ')} is too much`);
  return { file, rule: values.rule, byValidity: values['by-validity'], json: values.json };
}

async function readTable(file: string): Promise<DeadlineTable> {
  try {
    return await loadDeadlineTable(path.resolve(file));
  } catch (error) {
    if (!(error instanceof PermanentError) && (error as { code?: unknown }).code !== undefined)
      throw new PermanentError(`${file} can't be read: ${(error as Error).message}`, { cause: error });
    throw error;
  }
}

function checkRule(rule: string, { rows, file }: DeadlineTable): void {
  const known = [...new Set(rows.map((row) => row.rule))];
  if (!known.includes(rule)) throw new UsageError(`--rule ${rule} has no row in ${file}; it has ${known.join(', ')}`);
}

async function main(args: string[]): Promise<void> {
  const { file, rule, byValidity, json } = readCall(args);
  const table = await readTable(file);
  if (rule !== undefined) checkRule(rule, table);
  const settings = loadSettings();
  const organisation = loadOrganisation(settings.organisation);
  const database = await openDatabase(settings);
  try {
    const rows = byValidity ? 'validity' : 'newest';
    const calendar = await createCalendars({ database }).current();
    const tried = createTermTrial({ table, organisation, calendar, rows });
    const now = database.clock.legalNow();
    const report = createTrialReport({
      json,
      file: path.relative(inProject(), path.resolve(file)),
      rows,
      now,
      zone: organisation.timeZone,
      write: (text) => process.stdout.write(text),
    });
    for await (const clock of storedClocks(database, rule)) report.add(tried(clock, now));
    report.end();
  } finally {
    await database.close();
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof UsageError || error instanceof PermanentError || error instanceof SettingsError;
  process.stderr.write(`${known ? error.message : ((error as Error).stack ?? String(error))}\n`);
  if (error instanceof UsageError) process.stderr.write(`${usage}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
