import { readFileSync } from 'node:fs';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { inProject } from '../../config/root.js';
import type { Calendar, CalendarDay, Country } from '../../core/calendar.js';
import { PermanentError } from '../../core/errors.js';
import type { HolidayPackage } from './packages.js';

/** A day on which a table and a package disagree whether it is worked. */
export interface Difference {
  country: Country;
  /** YYYY-MM-DD. */
  date: string;
  package: HolidayPackage['id'];
  packageName: string;
  ours: CalendarDay;
  theirs: { working: boolean; name: string | null };
  /** Why it is accepted; null where it is not on the list. */
  reason: string | null;
}

const acceptedSchema = z.array(
  z.strictObject({
    country: z.enum(['KZ', 'KG']),
    package: z.enum(['pypi', 'npm']),
    dates: z.array(z.iso.date()).min(1),
    reason: z.string().min(1),
  }),
);
/** Differences that are known and right, each with its reason. */
export type Accepted = z.infer<typeof acceptedSchema>;

export const acceptedFile = inProject('local', 'calendar', 'accepted-differences.json');

/** The list of accepted differences. Throws PermanentError for a faulty list, or one that names a day twice. */
export function readAccepted(file: string = acceptedFile): Accepted {
  const parsed = acceptedSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new PermanentError(`${file} is faulty: ${z.prettifyError(parsed.error)}`);
  const seen = new Set<string>();
  for (const { country, package: id, dates } of parsed.data)
    for (const date of dates) {
      const key = `${country} ${date} ${id}`;
      if (seen.has(key)) throw new PermanentError(`${file} names ${key} twice`);
      seen.add(key);
    }
  return parsed.data;
}

export interface Comparison {
  /** How many days were set beside each other. */
  compared: number;
  differences: Difference[];
  /** Accepted differences of the compared years that exist no longer: `KZ 2026-03-16 npm`. */
  gone: string[];
  /** What a package does not know. */
  unknown: { package: HolidayPackage['id']; packageName: string; country: Country; year: number }[];
}

/** Sets the tables of some years beside the packages, day by day. Throws CalendarMissingError for a year without a table. */
export function compareCalendars(
  calendar: Calendar,
  packages: HolidayPackage[],
  accepted: Accepted,
  years: { country: Country; year: number }[],
): Comparison {
  const reasons = new Map<string, string>(
    accepted.flatMap(({ country, package: id, dates, reason }) =>
      dates.map((date) => [`${country} ${date} ${id}`, reason] as const),
    ),
  );
  const result: Comparison = { compared: 0, differences: [], gone: [], unknown: [] };
  for (const { country, year } of years)
    for (const each of packages) {
      if (!each.covers(country, year)) {
        result.unknown.push({ package: each.id, packageName: each.name, country, year });
        continue;
      }
      let on = Temporal.PlainDate.from({ year, month: 1, day: 1 });
      for (; on.year === year; on = on.add({ days: 1 })) {
        result.compared += 1;
        const key = `${country} ${on.toString()} ${each.id}`;
        const ours = calendar.day(country, on);
        const theirs = each.day(country, on);
        const reason = reasons.get(key) ?? null;
        if (ours.working !== theirs.working)
          result.differences.push({
            country,
            date: ours.date,
            package: each.id,
            packageName: each.name,
            ours,
            theirs,
            reason,
          });
        else if (reason !== null) result.gone.push(key);
      }
    }
  return result;
}
