import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import type { CalendarTable } from '../../config/calendar-schema.js';
import { inProject, loadOrganisation, placeOf, type Organisation } from '../../config/index.js';
import { createCalendar, type Country } from '../../core/calendar.js';
import { earliestPublication, isWithinLookback, latestAnnouncement } from '../../core/day-comparisons.js';
import { deadlineTableFile, readDeadlineTable, type DeadlineRow } from '../../core/deadline-table.js';
import { forwardUnits } from '../../core/deadlines.js';
import { deadlineOf, explainRow } from '../../core/rule-deadline.js';
import { referenceOf, yearBefore, type Place } from './deadlines.reference.js';

const momentsOfRule = 20_000;
const dayMs = 86_400_000;

/** The calendar files as text has them: the reference reads nothing through the code under test. */
const folder = inProject('config', 'calendars');
const tables = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    ...(JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as CalendarTable),
    file: name,
    versionId: name,
  }));
const calendar = createCalendar(tables);
const organisation = loadOrganisation('demo');

function placeIn(country: Country): Place {
  const days = new Map(
    tables.filter((table) => table.country === country).flatMap(({ days }) => days.map((day) => [day.date, day])),
  );
  const { zone, officeHours } = placeOf(organisation, country);
  return {
    zone,
    opens: officeHours.start,
    closes: officeHours.end,
    worked: (date) => {
      const kind = days.get(date)?.kind;
      if (kind) return kind === 'moved-work' || kind === 'shortened';
      return ![0, 6].includes(new Date(Date.parse(date)).getUTCDay());
    },
    closesEarlier: (date) => {
      const { closesAt, shorterBy } = days.get(date) ?? {};
      if (closesAt !== undefined || shorterBy === undefined) return closesAt;
      return new Date(Date.parse(`${date}T${officeHours.end}Z`) - shorterBy * 60_000).toISOString().slice(11, 16);
    },
  };
}

const references = { KZ: referenceOf(placeIn('KZ')), KG: referenceOf(placeIn('KG')) };

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomOf(seed: string): () => number {
  let state = [...seed].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) | 0, 7);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Moments in the order of time, within the years that have tables: anywhere, at the edges of legal days and office hours to the millisecond,
 * and around the night in which Almaty changed its zone.
 */
function momentsFor(rule: string, country: Country): number[] {
  const random = randomOf(rule);
  const years = calendar.years(country);
  const from = Date.UTC(years[0] ?? 0, 2, 1);
  const to = Date.UTC(years.at(-1) ?? 0, 9, 31);
  const edges = ['00:00', '09:00', '18:00', '18:30', '16:30'];
  const change = Date.UTC(2024, 1, 29, 18);
  const pick = (): number => {
    const anywhere = Math.floor(from + random() * (to - from));
    const kind = random();
    if (kind < 0.7) return anywhere;
    if (kind < 0.8) return Math.floor(change + (random() - 0.5) * 20 * dayMs);
    const date = new Date(anywhere).toISOString().slice(0, 10);
    const offset = random() < 0.5 ? '+05:00' : '+06:00';
    return (
      Date.parse(`${date}T${edges[Math.floor(random() * edges.length)]}:00${offset}`) + Math.floor(random() * 5) - 2
    );
  };
  return Array.from({ length: momentsOfRule }, pick).sort((a, b) => a - b);
}

const iso = (moment: number): string => new Date(moment).toISOString();

/** At most five of what went wrong, so that a fault can be read. */
class Faults {
  readonly found: string[] = [];
  add(fault: string): void {
    if (this.found.length < 5) this.found.push(fault);
  }
}

const rows = await readDeadlineTable(deadlineTableFile);
const ofUnit = (...units: string[]): [string, DeadlineRow][] =>
  rows.filter(({ unit }) => units.includes(unit)).map((row) => [`${row.rule} from ${row.validFrom}`, row]);

describe(`${momentsOfRule} random moments of each rule against the day-by-day reference`, () => {
  beforeAll(() => {
    for (const country of ['KZ', 'KG'] as const) expect(calendar.years(country).length).toBeGreaterThan(1);
  });

  test.each(ofUnit(...forwardUnits))('%s agrees, never earlier for a later event, target never after due', (_, row) => {
    // Where the act is silent, what an organisation may set is counted.
    const term = { length: row.length ?? 5, unit: row.unit as (typeof forwardUnits)[number] };
    const terms = row.length === null ? { [row.rule]: term as Organisation['terms'][string] } : {};
    const reference = references[row.calendar].count;
    const faults = new Faults();
    const earlier = { target: 0, due: 0 };
    for (const moment of momentsFor(row.rule, row.calendar)) {
      const { targetAt, dueAt } = deadlineOf(row, new Date(moment), {
        organisation: { ...organisation, terms },
        calendar,
      });
      const target = targetAt?.getTime() ?? Number.NaN;
      const due = dueAt?.getTime() ?? Number.NaN;
      const expected = reference(term.unit, term.length, moment);
      if (target !== expected.target || due !== expected.due)
        faults.add(`${iso(moment)}: ${iso(target)} ${iso(due)}, expected ${iso(expected.target)} ${iso(expected.due)}`);
      if (!(target <= due)) faults.add(`${iso(moment)}: the target ${iso(target)} is after ${iso(due)}`);
      if (!(due > moment)) faults.add(`${iso(moment)}: ends before its event`);
      if (target < earlier.target || due < earlier.due) faults.add(`${iso(moment)}: earlier than for an earlier event`);
      Object.assign(earlier, { target, due });
    }
    expect(faults.found).toEqual([]);
  });

  test.each(ofUnit('WD_BEFORE'))('%s agrees forwards and backwards', (_, row) => {
    const length = row.length ?? 0;
    const { dateOf, endOf, inTime, next, previous } = references[row.calendar];
    const basis = { calendar, country: row.calendar };
    const faults = new Faults();
    const known = new Set<string>();
    const earlier = { target: 0, due: 0 };
    for (const moment of momentsFor(row.rule, row.calendar)) {
      const on = dateOf(moment);
      const explained = explainRow(row, new Date(moment), { organisation, calendar });
      const [target, due] = [explained.targetAt?.getTime() ?? Number.NaN, explained.dueAt?.getTime() ?? Number.NaN];
      if (target > due || target < earlier.target || due < earlier.due) faults.add(`${iso(moment)}: out of order`);
      Object.assign(earlier, { target, due });
      if (known.has(on)) continue;
      known.add(on);
      const announced = Temporal.PlainDate.from(on);
      const forwards = earliestPublication(length, announced, basis);
      const backwards = latestAnnouncement(length, announced, basis);
      for (const reading of ['ordinary', 'strict'] as const) {
        const publication = forwards[`${reading}On`].toString();
        const announcement = backwards[`${reading}On`].toString();
        if (!inTime(length, on, publication)[reading] || inTime(length, on, previous(publication))[reading])
          faults.add(`announced on ${on}: ${publication} is not the first day (${reading})`);
        if (!inTime(length, announcement, on)[reading] || inTime(length, next(announcement), on)[reading])
          faults.add(`published on ${on}: ${announcement} is not the last day (${reading})`);
        if ((reading === 'strict' ? target : due) !== endOf(announcement))
          faults.add(`${on}: moments differ (${reading})`);
      }
    }
    expect(known.size).toBeGreaterThan(300);
    expect(faults.found).toEqual([]);
  });

  test.each(ofUnit('LOOKBACK'))('%s agrees', (_, row) => {
    const { dateOf, next, previous } = references[row.calendar];
    const random = randomOf(row.item);
    const faults = new Faults();
    for (const moment of momentsFor(row.rule, row.calendar)) {
      const on = dateOf(moment);
      const earliest = yearBefore(on);
      const any = iso(moment - random() * 800 * dayMs + 30 * dayMs).slice(0, 10);
      for (const document of [any, earliest, previous(earliest), on, next(on)]) {
        const within = isWithinLookback(
          row.length ?? 0,
          Temporal.PlainDate.from(document),
          Temporal.PlainDate.from(on),
        );
        if (within !== (earliest <= document && document <= on)) faults.add(`${document} on ${on}: ${within}`);
      }
      const { targetAt, dueAt } = explainRow(row, new Date(moment), { organisation, calendar });
      if (targetAt !== null || dateOf(dueAt?.getTime() ?? 0) !== earliest) faults.add(`${on}: ${dueAt?.toISOString()}`);
    }
    expect(faults.found).toEqual([]);
  });

  test('no rule was left out', () => {
    expect([...ofUnit(...forwardUnits), ...ofUnit('WD_BEFORE'), ...ofUnit('LOOKBACK')]).toHaveLength(rows.length);
  });
});
