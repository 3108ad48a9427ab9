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
import { checkOwnTerms, ownTermRules } from '../../core/own-terms.js';
import { deadlineOf, rowAt } from '../../core/rule-deadline.js';
import { catalogueOf } from '../../core/text.js';

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
  test('has each rule of the five acts that runs or looks back; null where the act is silent', async () => {
    const rows = await readDeadlineTable(deadlineTableFile);
    expect(rows.map(({ rule, item, length, unit }) => [rule, item, length, unit])).toEqual([
      ['DL-INS-1', 'R9', 3, 'WD'],
      ['DL-INS-2', 'R9', 3, 'WD'],
      ['DL-INS-3', 'R5', null, 'WD'],
      ['DL-INS-4', 'R6', null, 'WD'],
      ['DL-INS-5', 'R7', null, 'WD'],
      ['DL-INS-6', 'R8', null, 'WD'],
      ['DL-ACC-1', 'R22', 3, 'WD'],
      ['DL-ACC-2', 'R29, R22', 3, 'WD'],
      ['DL-ACC-3', 'R23', 1, 'LOOKBACK'],
      ['DL-ACC-4', 'R28', 30, 'GT_CD'],
      ['DL-ACC-5', 'R28', null, 'WD'],
      ['DL-ACC-6', 'R24', null, 'DUR'],
      ['DL-ACC-7', 'R27', null, 'WD'],
      ['DL-ACC-8', 'R5(4)', null, 'CD'],
      ['DL-TECH-1', 'R15', 3, 'CD'],
      ['DL-TECH-2', 'R10, R14', null, 'CD'],
      ['DL-CNS-5', '4', null, 'WD'],
      ['DL-DSR-1', 'P4(2), P23 to P25', 7, 'DUR'],
      ['DL-DSR-2', 'P25', 14, 'DUR'],
      ['DL-DSR-3', 'P27', 14, 'WD_BEFORE'],
      ['DL-DSR-5', 'P21', null, 'WD'],
      ['DL-DSR-6', 'P10', null, 'WD'],
      ['DL-SOC-1', 'R7', 1, 'WD'],
      ['DL-SOC-2', 'R14, R9', 1, 'WD'],
      ['DL-SOC-3', 'R5', null, 'CD'],
      ['DL-SOC-4', 'R6', null, 'WD'],
    ]);
  });

  test('counts on the calendar of the country whose act it is', async () => {
    const rows = await readDeadlineTable(deadlineTableFile);
    for (const { rule, calendar } of rows)
      expect([rule, calendar]).toEqual([rule, rule.includes('-DSR-') ? 'KG' : 'KZ']);
  });

  test('names every rule in each language', async () => {
    for (const { rule } of await readDeadlineTable(deadlineTableFile))
      for (const language of ['kk', 'ky', 'ru', 'en'] as const)
        expect(catalogueOf(language)).toHaveProperty([`rule.${rule}`], expect.any(String));
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

  test("of another country goes by that country's zone; without its office hours it is refused", async () => {
    const abroad = { ...organisation, jurisdiction: 'KG' as const, timeZone: 'Asia/Bishkek' };
    const hours = { KZ: { start: '09:00', end: '17:00' } };
    expect(await of('DL-INS-1', { ...abroad, officeHoursAbroad: hours })).toMatchObject({
      zone: 'Asia/Almaty',
      targetAt: new Date('2026-04-20T12:00:00.000Z'),
      dueAt: new Date('2026-04-21T18:59:59.999Z'),
    });
    await expect(of('DL-INS-1', abroad)).rejects.toThrow(/officeHoursAbroad.KZ is missing/);
  });

  test("is of the row that holds on the legal day of the rule's own country", async () => {
    const [row] = (await loadDeadlineTable()).rows.filter(({ rule }) => rule === 'DL-DSR-1');
    const rows = [
      { ...row!, validTo: '2026-06-30' },
      { ...row!, validFrom: '2026-07-01', length: 10 },
    ];
    const table = createDeadlineTable(rows, file);
    // 23:30 in Almaty is past midnight in Bishkek.
    expect(rowAt(table, 'DL-DSR-1', new Date('2026-06-30T22:59:00+05:00'), organisation).length).toBe(7);
    expect(rowAt(table, 'DL-DSR-1', new Date('2026-06-30T23:30:00+05:00'), organisation).length).toBe(10);
  });

  test('that the organisation sets against the act, for a rule that is not there or for one that nothing counts, is refused at the start', async () => {
    const table = await loadDeadlineTable();
    expect(() => checkOwnTerms(loadOrganisation('demo'), table)).not.toThrow();
    const term = { length: 5, unit: 'WD' as const };
    const check = (...rules: string[]) =>
      checkOwnTerms({ ...organisation, terms: Object.fromEntries(rules.map((rule) => [rule, term])) }, table);
    expect(() => check(...ownTermRules)).not.toThrow();
    expect(() => check('DL-INS-1', 'DL-INS-3', 'DL-INS-6', 'DL-INS-77', 'DL-ACC-6')).toThrow(
      [
        `the organisation's terms are wrong; expected terms for ${ownTermRules.join(', ')} alone:`,
        '  - terms.DL-INS-1: the act sets this term itself',
        '  - terms.DL-INS-6: without effect, nothing counts this term; take it out',
        '  - terms.DL-INS-77: bpmn/shared/statutory-deadlines.dmn has no such rule',
        '  - terms.DL-ACC-6: without effect, the temporary password ends with its link, set CREDENTIALS_LINK_HOURS; take it out',
      ].join('\n'),
    );
  });
});
