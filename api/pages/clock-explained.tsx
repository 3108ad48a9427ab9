import type { VNode } from 'preact';
import { isUncounted } from '../../core/clock-truth.js';
import type { StoredClock } from '../../core/clocks.js';
import { dayReason, rowInWords, termInWords } from '../../core/term-words.js';
import type { Text } from '../../core/text.js';
import { Facts, Table } from './case-parts.js';
import { Moment } from './layout.js';

/** How a stored clock came about, in plain words and folded: event, zone, each day with its reason, calendars, the row it has kept. */
export function ClockExplained({ clock, text }: { clock: StoredClock; text: Text }): VNode {
  const { row, days, zone, calendarVersions, warnAt, replaced } = clock;
  const label = text.say('term.explained', { rule: clock.rule });
  const heads = ['day', 'strict', 'ordinary', 'why'].map((name) => text.say(`term.${name}`));
  const number = (value: number | null): string => (value === null ? text.say('term.not-counted') : text.number(value));
  return (
    <details class="fold">
      <summary>{label}</summary>
      <Facts
        rows={[
          [text.say('term.event'), <Moment at={clock.startedAt} text={text} />],
          [text.say('term.length'), termInWords(row, clock, text)],
          [text.say('term.zone'), zone],
          [text.say('term.row'), rowInWords(clock, text)],
          [text.say('term.calendars'), calendarVersions.join(', ')],
          ...warnAt.map((at) => [text.say('term.warning'), <Moment at={at} text={text} />] as const),
          [text.say('term.target'), clock.targetAt && <Moment at={clock.targetAt} text={text} />],
          [text.say('term.due'), clock.dueAt && <Moment at={clock.dueAt} text={text} />],
        ]}
      />
      {isUncounted(clock) && <p class="notice">{text.say('clock.uncounted')}</p>}
      {replaced.map(({ replacedAt, dueAt }) => (
        <p class="notice">
          {text.say('term.recounted', { moment: text.moment(replacedAt), due: dueAt ? text.moment(dueAt) : '—' })}
        </p>
      ))}
      {days.length > 0 && (
        <Table
          label={label}
          heads={heads}
          rows={days.map((day) => [text.date(day.date), number(day.strict), number(day.counted), dayReason(day, text)])}
        />
      )}
    </details>
  );
}
