import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { loadOrganisation, type Organisation } from '../../config/index.js';
import { createCalendar } from '../../core/calendar.js';
import {
  createDeadlineTable,
  deadlineTableFile,
  loadDeadlineTable,
  parseDeadlineTable,
  readDeadlineTable,
} from '../../core/deadline-table.js';
import { PermanentError } from '../../core/errors.js';
import { checkOwnTerms, deadlineOf } from '../../core/rule-deadline.js';

const xml = readFileSync(deadlineTableFile, 'utf8');
const file = 'bpmn/shared/statutory-deadlines.dmn';
/** Reads the real table after `change`s to its text, each of which must be found in it. */
const parse = (...changes: [string | RegExp, string][]) => {
  const changed = changes.reduce((text, [from, to]) => {
    const next = text.replace(from, to);
    if (next === text) throw new Error(`the table has no ${from}`);
    return next;
  }, xml);
  return parseDeadlineTable(changed, file);
};
const cell = (row: string, column: string) => new RegExp(`(id="Cell_${row}_2020_${column}">\\s*<text>)[^<]*`);
const copyOfFirstRow = (from: string, to: string) => {
  const [row = ''] = /<rule id="Rule_DL_INS_1_2020">[^]*?<\/rule>/.exec(xml) ?? [];
  return row
    .replaceAll('DL_INS_1_2020', 'DL_INS_1_new')
    .replace('&gt;= date("2020-06-05")', `[date("${from}")..date("${to}")]`)
    .replace('"2020-06-05"', `"${from}"`)
    .replace(/(_new_validTo">\s*<text>)null/, `$1"${to}"`);
};

describe('the deadline table', () => {
  test('has the six rules of the inspection; only the two of item 9 have a length in the act', async () => {
    const rows = await readDeadlineTable(deadlineTableFile);
    expect(rows.map(({ rule, item, length, unit }) => [rule, item, length, unit])).toEqual([
      ['DL-INS-1', 'R9', 3, 'WD'],
      ['DL-INS-2', 'R9', 3, 'WD'],
      ['DL-INS-3', 'R5', null, 'WD'],
      ['DL-INS-4', 'R6', null, 'WD'],
      ['DL-INS-5', 'R7', null, 'WD'],
      ['DL-INS-6', 'R8', null, 'WD'],
    ]);
    for (const row of rows)
      expect(row).toMatchObject({
        process: 'inspection',
        calendar: 'KZ',
        warnings: '',
        validFrom: '2020-06-05',
        validTo: null,
      });
  });

  test('every row and the decision can be drawn and read: annotation, shape', () => {
    expect(xml.match(/<rule id=/g)).toHaveLength(xml.match(/<rule id="[^"]*">\s*<description>[^<]+/g)?.length ?? 0);
    expect(xml).toContain('dmnElementRef="statutory-deadlines"');
    expect(xml).toContain('modeler:executionPlatform="Camunda Cloud"');
  });

  test('answers by validity: each day of the event has the row of its time', async () => {
    const rows = await parse(
      [cell('DL_INS_1', 'startedOnTest'), '$1[date("2020-06-05")..date("2026-06-30")]'],
      [cell('DL_INS_1', 'validTo'), '$1"2026-06-30"'],
      ['<rule id="Rule_DL_INS_2_2020">', `${copyOfFirstRow('2026-07-01', '2030-12-31')}<rule id="Rule_DL_INS_2_2020">`],
      [/(id="Cell_DL_INS_1_new_length">\s*<text>)3/, '$15'],
    );
    const table = createDeadlineTable(rows, file);
    expect(table.rowFor('DL-INS-1', '2026-06-30').length).toBe(3);
    expect(table.rowFor('DL-INS-1', '2026-07-01').length).toBe(5);
    expect(() => table.rowFor('DL-INS-1', '2020-06-04')).toThrow(
      'no row of rule "DL-INS-1" for an event on 2020-06-04; it has rows of that rule for 2020-06-05 to 2026-06-30 and 2026-07-01 to 2030-12-31',
    );
  });

  test('a missing rule is refused with the file, the column and the rules that are there', async () => {
    const table = await loadDeadlineTable();
    expect(() => table.rowFor('DL-INS-99', '2026-03-01')).toThrow(PermanentError);
    expect(() => table.rowFor('DL-INS-99', '2026-03-01')).toThrow(
      `${file}: no row of rule "DL-INS-99" for an event on 2026-03-01; column "rule" has DL-INS-1, DL-INS-2`,
    );
  });

  test.each<[string, [string | RegExp, string][], RegExp]>([
    ['an unknown unit', [[cell('DL_INS_2', 'unit'), '$1"weeks"']], /row 2 \("DL-INS-2"\), column "unit": "weeks"/],
    [
      'a length in words',
      [[cell('DL_INS_1', 'length'), '$1"three"']],
      /row 1 \("DL-INS-1"\), column "length": "three"/,
    ],
    ['a length of zero', [[cell('DL_INS_1', 'length'), '$10']], /row 1 \("DL-INS-1"\), column "length": 0/],
    ['an expression', [[cell('DL_INS_1', 'length'), '$11 + 2']], /row 1 .*column "length": "1 \+ 2" is no literal/],
    ['an unknown calendar', [[cell('DL_INS_3', 'calendar'), '$1"UZ"']], /row 3 .*column "calendar": "UZ"/],
    ['a wrong warning', [[cell('DL_INS_3', 'warnings'), '$1"1 day"']], /row 3 .*column "warnings": "1 day".*P1D/],
    ['a day that does not exist', [[cell('DL_INS_1', 'validTo'), '$1"2026-02-30"']], /row 1 .*column "validTo"/],
    [
      'a validity that the test on the event contradicts',
      [[cell('DL_INS_1', 'validTo'), '$1"2026-12-31"']],
      /row 1 .*input "startedOn": found >= date\("2020-06-05"\); expected .*\[date\("2020-06-05"\)\.\.date\("2026-12-31"\)\]/,
    ],
    [
      'another rule in the test',
      [[cell('DL_INS_1', 'ruleTest'), '$1"DL-INS-2"']],
      /row 1 .*input "rule": found "DL-INS-2"; expected .*"DL-INS-1"/,
    ],
    [
      'overlapping validity',
      [
        [
          '<rule id="Rule_DL_INS_2_2020">',
          `${copyOfFirstRow('2024-01-01', '2024-12-31')}<rule id="Rule_DL_INS_2_2020">`,
        ],
      ],
      /row 2 \("DL-INS-1"\), column "validFrom": its validity \(2024-01-01 to 2024-12-31\) overlaps that of row 1/,
    ],
    ['another hit policy', [['hitPolicy="UNIQUE"', 'hitPolicy="FIRST"']], /hit policy must be UNIQUE, found FIRST/],
    [
      'another decision',
      [['<decision id="statutory-deadlines"', '<decision id="deadlines"']],
      /no decision table with the id "statutory-deadlines"/,
    ],
    ['a missing column', [[/<output id="Output_unit"[^>]*\/>/, '']], /output columns must be .*"unit"/],
    [
      'another input',
      [['<text>date(startedOn)</text>', '<text>startedOn</text>']],
      /inputs must be "rule", "date\(startedOn\)", found/,
    ],
    ['broken XML', [['</decisionTable>', '']], /no DMN 1\.3 file/],
  ])('with %s is refused, naming the file and the place', async (_, changes, message) => {
    await expect(parse(...changes)).rejects.toThrow(PermanentError);
    await expect(parse(...changes)).rejects.toThrow(message);
    await expect(parse(...changes)).rejects.toThrow(file);
  });

  test('names all faulty rows at once', async () => {
    await expect(
      parse([cell('DL_INS_2', 'unit'), '$1"weeks"'], [cell('DL_INS_5', 'process'), '$1"In Spection"']),
    ).rejects.toThrow(/row 2 [^]*row 5 /);
  });
});

describe('the deadline of a rule', () => {
  const calendar = createCalendar();
  const organisation: Organisation = { ...loadOrganisation('demo'), terms: { 'DL-INS-3': { length: 2, unit: 'WD' } } };
  const startedAt = new Date('2026-04-16T18:00:00+05:00');
  const of = async (rule: string, org = organisation) => {
    const table = await loadDeadlineTable();
    return deadlineOf(table.rowFor(rule, '2026-04-16'), startedAt, { organisation: org, calendar });
  };

  test("is the act's where it sets a term", async () => {
    expect(await of('DL-INS-1')).toMatchObject({
      basis: 'act',
      dueAt: new Date('2026-04-21T18:59:59.999Z'),
      zone: 'Asia/Almaty',
    });
  });

  test("is the organisation's where the act is silent and the organisation is not", async () => {
    expect(await of('DL-INS-3')).toMatchObject({ basis: 'organisation', dueAt: new Date('2026-04-20T18:59:59.999Z') });
  });

  test("is nobody's where both are silent: no moment, so no timer", async () => {
    expect(await of('DL-INS-6')).toMatchObject({ basis: 'silent', targetAt: null, dueAt: null, warnAt: [], days: [] });
  });

  test("of another country's calendar is refused", async () => {
    await expect(of('DL-INS-1', { ...organisation, jurisdiction: 'KG' })).rejects.toThrow('calendar of KZ');
  });

  test('that the organisation sets against the act, or for a rule that is not there, is refused at the start', async () => {
    const table = await loadDeadlineTable();
    expect(() => checkOwnTerms(loadOrganisation('demo'), table)).not.toThrow();
    const terms = { 'DL-INS-1': { length: 5, unit: 'WD' as const }, 'DL-INS-77': { length: 5, unit: 'WD' as const } };
    expect(() => checkOwnTerms({ ...organisation, terms }, table)).toThrow(
      /terms\.DL-INS-1: the act sets this term itself[^]*terms\.DL-INS-77: .*has no such rule/,
    );
  });
});
