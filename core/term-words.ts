import type { DeadlineRow } from './deadline-table.js';
import type { CountedDay, Term } from './deadlines.js';
import type { Basis } from './rule-deadline.js';
import type { Text } from './text.js';

/** A term in plain words: how much of what, and who set it. Of a stored clock or of an explanation. */
export function termInWords(
  row: DeadlineRow,
  { basis, term }: { basis: Basis; term: Term | null },
  text: Text,
): string {
  // A unit that compares days has no term that runs; its row says how far it reaches.
  const { length, unit } = term ?? row;
  if (basis === 'silent' || length === null) return text.say('term.silent');
  return `${text.say(`term.unit.${unit}`, { count: length })} (${text.say(`term.set-by.${basis === 'organisation' ? 'organisation' : 'act'}`)})`;
}

/** Why a day is counted or not, with the name of its holiday. */
export function dayReason({ reason, strict, name, provisional }: CountedDay, text: Text): string {
  const code = reason === 'day-of-event' && strict !== null ? 'day-of-event-counted' : reason;
  const named = name?.[text.language] ?? name?.ru;
  return [
    text.say(`term.reason.${code}`),
    ...(named ? [` (${named})`] : []),
    ...(provisional ? [`; ${text.say('term.provisional')}`] : []),
  ].join('');
}

/** The row of the table that a clock has kept: its act, item and validity. */
export function rowInWords({ row }: { row: DeadlineRow }, text: Text): string {
  const { rule, act, item, validFrom, validTo } = row;
  const said = { rule, act, item, from: text.date(validFrom) };
  return validTo === null
    ? text.say('term.row-of', said)
    : text.say('term.row-until', { ...said, to: text.date(validTo) });
}
