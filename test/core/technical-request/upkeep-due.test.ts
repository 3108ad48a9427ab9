import { expect, test } from '@jest/globals';
import { dayOfLook, rosterGaps, termOf } from '../../../core/technical-request/upkeep-due.js';

test.each<[every: string, lastOn: string | null, today: string, dueOn: string | null, state: string]>([
  ['P1D', '2026-03-01', '2026-03-01', '2026-03-02', 'kept'],
  ['P1D', '2026-03-01', '2026-03-02', '2026-03-02', 'due'],
  ['P1D', '2026-03-01', '2026-03-03', '2026-03-02', 'overdue'],
  ['P7D', '2026-02-25', '2026-03-03', '2026-03-04', 'kept'],
  ['P7D', '2026-02-25', '2026-03-04', '2026-03-04', 'due'],
  ['P2W', '2026-12-25', '2027-01-07', '2027-01-08', 'kept'],
  ['P2W', '2026-12-25', '2027-01-09', '2027-01-08', 'overdue'],
  // A month from a day that the next one lacks ends on its last day.
  ['P1M', '2026-01-31', '2026-02-27', '2026-02-28', 'kept'],
  ['P1M', '2026-01-31', '2026-02-28', '2026-02-28', 'due'],
  ['P12M', '2024-02-29', '2025-03-01', '2025-02-28', 'overdue'],
  ['P12M', null, '2026-03-01', null, 'due'],
])('%s, last done on %s: on %s it is due on %s: %s', (every, lastOn, today, dueOn, state) => {
  expect(termOf(every, lastOn, today)).toEqual({ dueOn, state });
});

test.each<[at: string, day: string]>([
  ['2026-03-02T18:35:00Z', '2026-03-02'],
  // The engine's clock is ahead of ours.
  ['2026-03-02T18:34:58Z', '2026-03-02'],
  ['2026-03-02T18:59:59Z', '2026-03-02'],
  // The workers were down at 23:35 and came back after midnight, or in the evening of the next day.
  ['2026-03-02T19:10:00Z', '2026-03-02'],
  ['2026-03-03T15:00:00Z', '2026-03-02'],
  ['2026-03-03T18:35:00Z', '2026-03-03'],
])('a look at %s is about what was not done by the end of %s', (at, day) => {
  expect(dayOfLook(new Date(at), 'Asia/Almaty')).toBe(day);
});

test.each<[rosters: [string, string][], gaps: [string, string][]]>([
  [[], [['2026-03-30', '2026-04-05']]],
  [[['2026-03-01', '2026-04-30']], []],
  [[['2026-03-30', '2026-04-05']], []],
  [[['2026-03-30', '2026-04-04']], [['2026-04-05', '2026-04-05']]],
  [
    [
      ['2026-04-03', '2026-04-03'],
      ['2026-03-31', '2026-04-01'],
    ],
    [
      ['2026-03-30', '2026-03-30'],
      ['2026-04-02', '2026-04-02'],
      ['2026-04-04', '2026-04-05'],
    ],
  ],
  [[['2026-04-06', '2026-04-30']], [['2026-03-30', '2026-04-05']]],
])('in seven days from Monday 30 March, rosters %j leave nobody on duty %j', (rosters, gaps) => {
  const spans = (of: [string, string][]) => of.map(([from, to]) => ({ from, to }));
  expect(rosterGaps(spans(rosters), '2026-03-30', 7)).toEqual(spans(gaps));
});
