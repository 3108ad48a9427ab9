/**
 * A second, slow reading of section 0.2 for Asia/Almaty, sharing nothing with the code under test: no Temporal, no calendar file. Legal
 * days are found by asking Intl what the wall shows; the days off are typed from the published calendars.
 */
const weekdaysOff = new Set(
  `2024-01-01 2024-01-02 2024-03-08 2024-03-21 2024-03-22 2024-03-25 2024-05-01 2024-05-07 2024-05-08 2024-05-09 2024-07-08
   2024-08-30 2024-10-25 2024-12-16
   2025-01-01 2025-01-02 2025-01-03 2025-01-07 2025-03-10 2025-03-21 2025-03-24 2025-03-25 2025-05-01 2025-05-07 2025-05-09
   2025-06-06 2025-07-07 2025-09-01 2025-10-27 2025-12-16
   2026-01-01 2026-01-02 2026-01-07 2026-03-09 2026-03-23 2026-03-24 2026-03-25 2026-05-01 2026-05-07 2026-05-11 2026-05-27
   2026-07-06 2026-10-26 2026-12-16
   2027-01-01 2027-01-04 2027-01-07 2027-03-08 2027-03-15 2027-03-22 2027-03-23 2027-03-24 2027-05-03 2027-05-07 2027-05-10
   2027-07-06 2027-10-25 2027-12-16`.split(/\s+/),
);
const weekendsWorked = new Set(['2024-05-04', '2025-01-05']);
const halfHour = 30 * 60 * 1000;
const dayMs = 24 * 60 * 60 * 1000;

const wall = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Asia/Almaty',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
});

/** What a wall clock in Almaty shows: the date and HH:MM. */
function shown(moment: number): { date: string; time: string } {
  const [date = '', time = ''] = wall.format(moment).split(', ');
  return { date: date.split('/').reverse().join('-'), time };
}

function plus(date: string, days: number): string {
  return new Date(Date.parse(date) + days * dayMs).toISOString().slice(0, 10);
}

function worked(date: string): boolean {
  const weekday = new Date(Date.parse(date)).getUTCDay();
  return weekday === 0 || weekday === 6 ? weekendsWorked.has(date) : !weekdaysOff.has(date);
}

/** All half hours of a legal day, in order. */
function halfHoursOf(date: string): number[] {
  const found: number[] = [];
  for (let moment = Date.parse(date) - dayMs; moment < Date.parse(date) + 2 * dayMs; moment += halfHour)
    if (shown(moment).date === date) found.push(moment);
  return found;
}

const endOf = (date: string): number => (halfHoursOf(date).at(-1) as number) + halfHour - 1;
const closingOf = (date: string): number =>
  halfHoursOf(date).find((moment) => shown(moment).time === '18:30') as number;

/** The n-th worked day from `first` on. */
function nthWorked(first: string, n: number): string {
  let date = first;
  for (let left = n; ; date = plus(date, 1)) {
    if (worked(date)) left -= 1;
    if (left === 0) return date;
  }
}

function lastOfficeMoment(until: number): number {
  const inOffice = (moment: number): boolean => {
    const { date, time } = shown(moment);
    return worked(date) && time >= '09:00' && (time < '18:30' || (time === '18:30' && moment % 60_000 === 0));
  };
  if (inOffice(until)) return until;
  let moment = Math.floor(until / halfHour) * halfHour;
  while (!inOffice(moment)) moment -= halfHour;
  return moment;
}

/** Target and due moment of a term, as ISO strings in UTC. */
export function reference(unit: 'WD' | 'CD' | 'DUR' | 'GT_CD', length: number, moment: number) {
  const event = shown(moment).date;
  const moments = (target: number, due: number) => ({
    target: new Date(target).toISOString(),
    due: new Date(due).toISOString(),
  });
  switch (unit) {
    case 'WD':
      return moments(closingOf(nthWorked(event, length)), endOf(nthWorked(plus(event, 1), length)));
    case 'CD':
      return moments(endOf(plus(event, length - 1)), endOf(plus(event, length)));
    case 'DUR':
      return moments(lastOfficeMoment(moment + length * dayMs), moment + length * dayMs);
    case 'GT_CD': {
      const reached = endOf(plus(event, length)) + 1;
      return moments(reached, reached);
    }
  }
}
