import { parseArgs } from 'node:util';
import { readCalendarTables } from '../../config/calendar-schema.js';
import type { Subcommand } from './subcommand.js';

/** Reads every table as the processes do at their start, and lists them. */
export const subcommand: Subcommand = {
  usage: 'npm run calendar -- check',
  run(args) {
    parseArgs({ args });
    for (const { file, versionId, status, days } of readCalendarTables())
      process.stdout.write(`${file}   ${versionId}   ${status}   ${days.length} days named\n`);
    return Promise.resolve(0);
  },
};
