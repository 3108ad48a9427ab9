import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { inProject } from '../../config/root.js';
import { glob } from '../../local/check/files.js';

/** TECH-40: what Order No. 419 puts out of force (its item 2) is no basis of anything any more, so nothing cites it. */

interface Act {
  /** The number of the order and its day, ISO. */
  no: number;
  date: string;
  /** In the register of normative legal acts. */
  registered: number;
}

const superseded: Act[] = [
  { no: 63, date: '2016-01-28', registered: 13371 },
  { no: 121, date: '2020-04-02', registered: 20295 },
  { no: 78, date: '2021-03-16', registered: 22354 },
  { no: 349, date: '2021-09-24', registered: 24532 },
];

/** Beginnings of the months' names as citations write them: Russian, Kazakh, Kyrgyz, English. */
const months = [
  'январ|қаңтар|jan',
  'феврал|ақпан|feb',
  'март|наурыз|mar',
  'апрел|сәуір|apr',
  'ма[йя]|мамыр|may',
  'июн|маусым|jun',
  'июл|шілде|jul',
  'август|тамыз|aug',
  'сентябр|қыркүйек|sep',
  'октябр|қазан|oct',
  'ноябр|қараша|nov',
  'декабр|желтоқсан|dec',
];

function patternsOf({ no, date, registered }: Act): RegExp[] {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  const name = `(?:${months[month - 1]})\\p{L}*`;
  const number = (value: number): string => `(?<![\\p{L}\\d])${value}(?![\\p{L}\\d])`;
  // Year first as in Kazakh, day first, month first as in American English, and in figures.
  const written = [
    date,
    `${date.split('-').reverse().join('\\.')}`,
    `${number(day)}\\s+${name}\\s+${year}`,
    `${name}\\s+${number(day)},?\\s+${year}`,
    `${year}\\s+\\p{L}+\\s+${number(day)}[\\s-]+${name}`,
  ].join('|');
  const order = `(?:№|no\\.?|n)\\s*${number(no)}`;
  return [
    new RegExp(number(registered), 'iu'),
    new RegExp(`(?:${written})[^\\n]{0,80}?${order}`, 'iu'),
    new RegExp(`${order}[^\\n]{0,40}?(?:${written})`, 'iu'),
  ];
}

const detectors = superseded.flatMap((act) => patternsOf(act).map((pattern) => ({ act, pattern })));

/** The superseded acts that a text cites, by their numbers. */
function citedIn(text: string): number[] {
  return [...new Set(detectors.flatMap(({ act, pattern }) => (pattern.test(text) ? [act.no] : [])))];
}

test.each<[string, number]>([
  ['приказ Министра здравоохранения и социального развития РК от 28 января 2016 года № 63', 63],
  ['2016 жылғы 28 қаңтардағы № 63 бұйрық', 63],
  ['Order of January 28, 2016 No. 63', 63],
  ['order No. 121 of 2 April 2020', 121],
  ['приказ от 02.04.2020 № 121', 121],
  ['от 16 марта 2021 года № 78', 78],
  ['2021 жылғы 24 қыркүйектегі №349 бұйрығы', 349],
  ['{ "date": "2021-09-24", "no": "№ 349" }', 349],
  ['зарегистрирован в Реестре за № 20295', 121],
  ['(reg. 13371)', 63],
  ['№ 22354 болып тіркелген', 78],
  ['registered at No. 24532', 349],
])('a text that says "%s" cites it', (text, no) => {
  expect(citedIn(text)).toEqual([no]);
});

test.each([
  'Order No. 419 of 26 December 2025',
  'приказ от 28 января 2016 года № 64',
  'приказ от 2 апреля 2026 года № 121',
  'ACC-2026-013371, № 133710, 0x20295f',
  'пункт 63 Правил',
])('a text that says "%s" cites none', (text) => {
  expect(citedIn(text)).toEqual([]);
});

test('nothing of the product cites what Order No. 419 put out of force', async () => {
  const endings = ['.bpmn', '.dmn', '.form', '.json', '.md', '.ts', '.tsx', '.csv', '.yml', '.svg'];
  const folders = ['api', 'bpmn', 'config', 'connectors', 'core', 'docs', 'local', 'workers'];
  const files = (await Promise.all(folders.map((folder) => glob(inProject(), folder, ...endings)))).flat();
  expect(files.length).toBeGreaterThan(300);
  const faults: string[] = [];
  for (const file of files)
    for (const no of citedIn(await readFile(inProject(file), 'utf8'))) faults.push(`${file}: cites Order No. ${no}`);
  expect(faults).toEqual([]);
});
