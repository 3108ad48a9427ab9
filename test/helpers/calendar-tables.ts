import { checkCalendarTable, type CalendarTable } from '../../config/calendar-schema.js';

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
