import { Temporal } from 'temporal-polyfill';
import type { TermOutcome, TriedClock } from '../../core/term-trial.js';

/** How many clocks of a rule came out how. */
interface RuleFigures {
  clocks: number;
  same: number;
  later: number;
  earlier: number;
  /** Those that nobody had set a term for, and those that nobody would. */
  set: number;
  unset: number;
  /** Outcomes that are others, e.g. `kept -> broken`, with how many. */
  outcomes: Record<string, number>;
  /** Clocks that the table can't count, with what was said of the first. */
  faults: number;
  firstFault: string | null;
}

/** The report of a trial, written clock by clock: it remembers figures alone, however many clocks there are. */
export interface TrialReport {
  add(tried: TriedClock): void;
  end(): void;
}

interface Options {
  json: boolean;
  /** Path of the table from the project's root. */
  file: string;
  rows: 'newest' | 'validity';
  /** Legal time. */
  now: Date;
  /** IANA zone of the moments in the readable report. */
  zone: string;
  write: (text: string) => void;
}

export function createTrialReport(options: Options): TrialReport {
  const byRule: Record<string, RuleFigures> = {};
  const { opens, change, ends } = options.json ? jsonReport(options) : readableReport(options);
  opens();
  return {
    add: (tried) => {
      const figures = (byRule[tried.clock.rule] ??= {
        ...{ clocks: 0, same: 0, later: 0, earlier: 0, set: 0, unset: 0 },
        ...{ outcomes: {}, faults: 0, firstFault: null },
      });
      figures.clocks += 1;
      if (tried.moved === null) {
        figures.faults += 1;
        figures.firstFault ??= tried.fault;
        return;
      }
      figures[tried.moved] += 1;
      if (tried.moved === 'same') return;
      const { from, to } = tried.outcome;
      const outcome = `${from} -> ${to}`;
      if (from !== to) figures.outcomes[outcome] = (figures.outcomes[outcome] ?? 0) + 1;
      change(tried);
    },
    end: () => ends(Object.fromEntries(Object.entries(byRule).sort(([a], [b]) => a.localeCompare(b)))),
  };
}

interface Form {
  opens(): void;
  change(tried: TriedClock): void;
  ends(byRule: Record<string, RuleFigures>): void;
}

function jsonReport({ file, rows, now, write }: Options): Form {
  let separator = '';
  return {
    opens: () => write(`{"file":${JSON.stringify(file)},"rows":"${rows}","at":"${now.toISOString()}","changes":[`),
    change: ({ clock, moved, targetAt, dueAt, outcome }) => {
      const { caseNumber, process, rule, subject, startedAt, state, stoppedAt } = clock;
      const change = { caseNumber, process, rule, subject, startedAt, state, stoppedAt, moved, targetAt, dueAt };
      write(`${separator}\n${JSON.stringify({ ...change, outcome })}`);
      separator = ',';
    },
    ends: (byRule) => write(`\n],"byRule":${JSON.stringify(byRule)}}\n`),
  };
}

function readableReport({ file, rows, zone, write }: Options): Form {
  let changes = 0;
  const at = (moment: Date | null): string =>
    moment
      ? Temporal.Instant.fromEpochMilliseconds(moment.getTime())
          .toZonedDateTimeISO(zone)
          .toPlainDateTime()
          .toString({ smallestUnit: 'minute' })
          .replace('T', ' ')
      : '-';
  // Clocks come one by one: columns are as wide as what they usually hold.
  const line = (cells: string[], widths: number[]): void =>
    write(
      `${cells
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  const wide = [16, 10, 26, 16, 36];
  const outcome = ({ from, to }: { from: TermOutcome; to: TermOutcome }): string =>
    from === to ? from : `${from} -> ${to}`;
  return {
    opens: () => {
      const which = rows === 'newest' ? 'the newest row of its rule' : 'the row for the day on which it began';
      write(`${file}: each clock with ${which}, on the calendars in force; nothing is changed\n\n`);
    },
    change: ({ clock, dueAt, outcome: became }) => {
      if (changes === 0) line(['case', 'rule', 'subject', 'began', `due (${zone})`, 'outcome'], wide);
      changes += 1;
      line(
        [
          ...[clock.caseNumber, clock.rule, clock.subject || '-', at(clock.startedAt)],
          ...[`${at(dueAt.from)} -> ${at(dueAt.to)}`, outcome(became)],
        ],
        wide,
      );
    },
    ends: (byRule) => {
      const figures = Object.entries(byRule);
      if (figures.length === 0) {
        write('there is no clock to try it on\n');
        return;
      }
      if (changes === 0) write('no clock would have other moments\n');
      write('\n');
      const narrow = [10, 8, 8, 8, 8, 12];
      line(['rule', 'clocks', 'same', 'later', 'earlier', "can't count", 'other outcomes'], narrow);
      for (const [rule, { clocks, same, later, earlier, set, unset, faults, outcomes }] of figures) {
        const others = [
          ...Object.entries(outcomes).map(([name, count]) => `${name}: ${count}`),
          ...(set > 0 ? [`given a term: ${set}`] : []),
          ...(unset > 0 ? [`without a term: ${unset}`] : []),
        ];
        line([rule, ...[clocks, same, later, earlier, faults].map(String), others.join(', ') || '-'], narrow);
      }
      const faulty = figures.filter(([, { faults }]) => faults > 0);
      if (faulty.length > 0) write("\nWhat the table can't count, the first of each rule:\n");
      for (const [rule, { firstFault }] of faulty) write(`  ${rule}: ${firstFault}\n`);
    },
  };
}
