/**
 * `npm run calendar -- SUBCOMMAND ...`: the working calendars of `config/calendars`. Each subcommand is a file of `local/calendar/`.
 * Ends with the code that the subcommand returns, with 1 and a sentence when the tables are faulty, with 2 when the call is wrong.
 */
import { SettingsError } from '../config/index.js';
import { PermanentError } from '../core/errors.js';
import { CalendarUsageError, type Subcommand } from './calendar/subcommand.js';

/** Loaded only when asked for: what needs no database must not load its driver. */
const subcommands: Record<string, () => Promise<{ subcommand: Subcommand }>> = {
  check: () => import('./calendar/check.js'),
  compare: () => import('./calendar/compare.js'),
  apply: () => import('./calendar/apply.js'),
};

async function main([name = '', ...args]: string[]): Promise<number> {
  const load = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (!load) {
    const usages = await Promise.all(Object.values(subcommands).map(async (each) => (await each()).subcommand.usage));
    throw new CalendarUsageError(
      `${name ? `there is no subcommand "${name}"` : 'a subcommand is missing'}`,
      usages.join('\n'),
    );
  }
  const { subcommand } = await load();
  try {
    return await subcommand.run(args);
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
      throw new CalendarUsageError(error.message, subcommand.usage);
    if (error instanceof CalendarUsageError) throw new CalendarUsageError(error.message, subcommand.usage);
    throw error;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const known =
    error instanceof CalendarUsageError || error instanceof PermanentError || error instanceof SettingsError;
  process.stderr.write(`${known ? error.message : ((error as Error).stack ?? String(error))}\n`);
  if (error instanceof CalendarUsageError) process.stderr.write(`usage:\n${error.usage}\n`);
  process.exitCode = error instanceof CalendarUsageError ? 2 : 1;
}
