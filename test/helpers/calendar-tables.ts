import { Temporal } from 'temporal-polyfill';
import { checkCalendarTable, type CalendarTable } from '../../config/calendar-schema.js';
import type { Services } from '../../core/services.js';
import { somebody } from './database.js';

/** The next version of a table, with days added that it did not name. Throws when the schema refuses it. */
export function changedTable(
  table: CalendarTable,
  days: Record<string, 'rest-day' | 'holiday'>,
  name = 'a day off',
): CalendarTable {
  const { file, versionId: _, ...content } = table;
  const [source] = Object.keys(content.sources);
  const added = Object.entries(days).map(([date, kind]) => ({ date, kind, name: 'made-up', source }));
  const changed = checkCalendarTable(
    {
      ...content,
      version: content.version + 1,
      names: { ...content.names, 'made-up': { kk: name, ru: name, en: name } },
      days: [...content.days, ...added].sort((a, b) => a.date.localeCompare(b.date)),
    },
    file,
  );
  if (Array.isArray(changed)) throw new Error(changed.join('\n'));
  return changed;
}

/**
 * Puts calendars in force in which `count` working days from a legal day on are off, and counts every open clock again, as `npm run calendar -- apply`
 * does. What it returns puts the days back, in the same way.
 */
export async function takeDaysOff(
  { calendars, recount, organisation }: Pick<Services, 'calendars' | 'recount' | 'organisation'>,
  from: string,
  count: number,
): Promise<() => Promise<void>> {
  const country = organisation.jurisdiction;
  const calendar = await calendars.current();
  const days: string[] = [];
  for (let day = Temporal.PlainDate.from(from); days.length < count; day = day.add({ days: 1 }))
    if (calendar.isWorkingDay(country, day)) days.push(day.toString());
  const former = (await calendars.tables()).filter(
    (table) => table.country === country && days.some((day) => day.startsWith(`${table.year}-`)),
  );
  const apply = async (tables: CalendarTable[]): Promise<void> => {
    for (const table of tables) await calendars.apply(somebody, table);
    const { failed } = await recount.run(somebody);
    if (failed.length > 0) throw new Error(`clocks that could not be counted again: ${failed.join()}`);
  };
  await apply(
    former.map((table) =>
      changedTable(
        table,
        Object.fromEntries(
          days.filter((day) => day.startsWith(`${table.year}-`)).map((day) => [day, 'rest-day' as const]),
        ),
      ),
    ),
  );
  return () => apply(former.map((table) => sameDays(table, table.version + 2)));
}

/** A table with a greater version and nothing else new. */
function sameDays({ file, versionId: _, ...content }: CalendarTable, version: number): CalendarTable {
  const table = checkCalendarTable({ ...content, version }, file);
  if (Array.isArray(table)) throw new Error(table.join('\n'));
  return table;
}
