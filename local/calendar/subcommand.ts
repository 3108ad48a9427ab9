/** A subcommand of `npm run calendar`. */
export interface Subcommand {
  /** Lines such as `npm run calendar -- check`. */
  usage: string;
  /**
   * Prints what it found and returns the exit code: 0 right, 1 something is wrong.
   * @throws CalendarUsageError for arguments that are wrong (what `parseArgs` throws is turned into one); SettingsError for faulty tables.
   */
  run: (args: string[]) => Promise<number>;
}

/** The call is wrong: which argument, and what would be right. */
export class CalendarUsageError extends Error {
  constructor(
    message: string,
    readonly usage = '',
  ) {
    super(message);
  }
}
