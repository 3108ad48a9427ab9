import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { h } from 'preact';
import { render } from 'preact-render-to-string';
import { ClockExplained } from '../../api/pages/clock-explained.js';
import { createCalendar } from '../../core/calendar.js';
import { createRecount } from '../../core/clock-recount.js';
import type { StoredClock } from '../../core/clocks.js';
import { newId } from '../../core/ids.js';
import { createText, type Language } from '../../core/text.js';
import { inForce, openClockFixture, type ClockFixture } from '../core/clock-fixture.js';

/** A Friday before Victory Day 2026, which is a Saturday: Monday 11 May is off in its stead. Due on Thursday 14 May. */
const revealedAt = '2026-05-08T10:00:00+05:00';

let fixture: ClockFixture;
beforeAll(async () => {
  fixture = await openClockFixture();
  await fixture.travelTo(revealedAt);
});
afterAll(() => fixture.close());

interface Said {
  /** Cells of each day: day, strict, ordinary, why. */
  days: string[][];
  /** Facts above the days, by their names. */
  facts: Record<string, string>;
  notices: string[];
}

/** The page's part as a reader sees it: without markup. */
function explained(clock: StoredClock, language: Language): Said {
  const html = render(h(ClockExplained, { clock, text: createText(language, { timeZone: clock.zone }) }));
  const plain = (part: string): string =>
    part
      .replace(/<[^>]+>/g, '')
      .replaceAll('&#39;', "'")
      .trim();
  const all = (text: string, tag: string): string[] =>
    [...text.matchAll(new RegExp(`<${tag}[ >][^]*?</${tag}>`, 'g'))].map(([found]) => found);
  const body = all(html, 'tbody').join('');
  return {
    days: all(body, 'tr').map((row) => (row.match(/<t[hd][ >][^]*?<\/t[hd]>/g) ?? []).map(plain)),
    facts: Object.fromEntries(
      all(html, 'dl').flatMap((list) => {
        const values = all(list, 'dd').map(plain);
        return all(list, 'dt').map((name, index) => [plain(name), values[index] ?? '']);
      }),
    ),
    notices: all(html, 'p').map(plain),
  };
}

const words = {
  kk: ['саналмайды', 'тек қатаң оқуда саналады', 'мереке (Жеңіс күні)', 'демалыс күні', 'Жеңіс күні', 'жұмыс күні'],
  ru: [
    'не считается',
    'только при строгом чтении',
    'праздник (День Победы)',
    'выходной',
    'День Победы',
    'рабочий день',
  ],
  en: ['not counted', 'in the strict reading alone', 'holiday (Victory Day)', 'weekend', 'Victory Day', 'working day'],
  ky: [
    'эсептелбейт',
    'катуу окууда гана эсептелет',
    'майрам (День Победы)',
    'дем алыш күнү',
    'День Победы',
    'жумуш күнү',
  ],
} as const;
const languages = Object.keys(words) as (keyof typeof words)[];

describe('a clock over a holiday, explained on the page of its case', () => {
  test.each(languages)('has in %s each day with its numbers and its reason', async (language) => {
    const clock = await fixture.start({ rule: 'DL-INS-1', startedAt: revealedAt });
    const { days } = explained(clock, language);
    const [not, event, holiday, weekend, observed, working] = words[language];
    expect(days.map(([, strict, ordinary]) => [strict, ordinary])).toEqual([
      ...[
        ['1', not],
        [not, not],
        [not, not],
        [not, not],
      ],
      ...[
        ['2', '1'],
        ['3', '2'],
        [not, '3'],
      ],
    ]);
    const text = createText(language, { timeZone: clock.zone });
    const dates = ['08', '09', '10', '11', '12', '13', '14'].map((day) => text.date(`2026-05-${day}`));
    expect(days.map(([date]) => date)).toEqual(dates);
    expect(days.map(([, , , why]) => why)).toEqual(
      [event, holiday, weekend, observed, working, working, working].map((reason) => expect.stringContaining(reason)),
    );
  });

  test('says nothing of a recount that never was', async () => {
    const clock = await fixture.start({ rule: 'DL-INS-1', startedAt: revealedAt });
    expect(explained(clock, 'en').notices).toEqual([]);
  });
});

describe('a clock that a changed calendar counted again', () => {
  test.each(languages)('says in %s when, why, and when it was due until then', async (language) => {
    const clock = await fixture.start({ rule: 'DL-INS-1', startedAt: revealedAt });
    const calendar = {
      ...fixture.calendar,
      version: (country: 'KZ' | 'KG', year: number) =>
        `${fixture.calendar.version(country, year)}-changed-${clock._id}`,
      day: (...asked: Parameters<typeof fixture.calendar.day>) => {
        const day = fixture.calendar.day(...asked);
        return day.date === '2026-05-13' ? { ...day, working: false, kind: 'moved-rest' as const } : day;
      },
    };
    const { database, trail, organisation } = fixture;
    await createRecount({ database, trail, organisation, calendars: inForce(calendar) }).run({
      kind: 'person',
      id: 'a.seitkali',
    });
    const moved = (await fixture.clocks.find(clock._id)) as StoredClock;
    const { notices, days, facts } = explained(moved, language);
    const text = createText(language, { timeZone: clock.zone });
    const [earlier] = moved.replaced;
    expect(moved.dueAt).toEqual(new Date('2026-05-15T18:59:59.999Z'));
    expect(notices).toEqual([
      text.say('term.recounted', {
        moment: text.moment(earlier?.replacedAt as Date),
        due: text.moment(clock.dueAt as Date),
      }),
    ]);
    expect(days.at(5)).toEqual([
      text.date('2026-05-13'),
      ...[words[language][0], words[language][0], text.say('term.reason.moved-rest')],
    ]);
    expect(days).toHaveLength(8);
    expect(facts[text.say('term.due')]).toContain(text.moment(moved.dueAt as Date));
  });
});

describe('a clock that nobody could count yet', () => {
  test.each(languages)('says so in %s, with the year whose calendar is missing, and shows no day', async (language) => {
    const clock = await fixture.run((tx) =>
      fixture.clocksWith({ calendar: createCalendar([]) }).start(tx, {
        ...{ caseId: newId(), caseNumber: 'INS-2026-000001', process: 'inspection', rule: 'DL-INS-1' },
        ...{ startedAt: new Date(revealedAt), withoutCalendar: 'wait' },
      }),
    );
    const { days, notices, facts } = explained(clock, language);
    const text = createText(language, { timeZone: clock.zone });
    expect(days).toEqual([]);
    expect(notices).toEqual([text.say('clock.uncounted')]);
    expect(facts[text.say('term.calendars')]).toBe('kz-2026.missing');
    expect(facts).not.toHaveProperty([text.say('term.due')]);
  });
});
