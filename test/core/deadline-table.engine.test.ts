import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { deadlineTableFile, loadDeadlineTable, type DeadlineTable } from '../../core/deadline-table.js';
import type { Engine } from '../../workers/engine.js';
import { testEngine } from '../helpers/stack.js';

jest.setTimeout(60_000);

let engine: Engine;
let table: DeadlineTable;
beforeAll(async () => {
  engine = testEngine();
  table = await loadDeadlineTable();
  await engine.deploy([{ name: 'statutory-deadlines.dmn', content: await readFile(deadlineTableFile) }]);
});
afterAll(() => engine.close());

/** The days of a rule at which its row may change, with the day before and after each, and one of our time. */
function daysOf(rule: string): string[] {
  const ends = table.rows
    .filter((row) => row.rule === rule)
    .flatMap(({ validFrom, validTo }) => (validTo === null ? [validFrom] : [validFrom, validTo]));
  const around = ends.flatMap((day) => [-1, 0, 1].map((days) => Temporal.PlainDate.from(day).add({ days }).toString()));
  return [...new Set([...around, '2026-11-20'])];
}

/** The row by the file; null where it has none, as the decision answers. */
function rowOf(rule: string, day: string): unknown {
  try {
    return table.rowFor(rule, day);
  } catch {
    return null;
  }
}

test('the engine answers for every rule, on each side of every validity, the row that the file has', async () => {
  const asked = [...new Set(table.rows.map(({ rule }) => rule))].flatMap((rule) =>
    daysOf(rule).map((startedOn) => ({ rule, startedOn })),
  );
  const byEngine = await Promise.all(
    asked.map(async (event) => ({ ...event, row: await engine.evaluateDecision('statutory-deadlines', event) })),
  );
  expect(byEngine).toEqual(asked.map((event) => ({ ...event, row: rowOf(event.rule, event.startedOn) })));
  // Both sides of a boundary were asked: with a row and without one.
  expect(new Set(byEngine.map(({ row }) => row === null))).toEqual(new Set([true, false]));
});

test('the engine answers none for a rule that the table lacks', async () => {
  const row = await engine.evaluateDecision('statutory-deadlines', { rule: 'DL-INS-99', startedOn: '2026-11-20' });
  expect(row).toBeNull();
});

test('the engine refuses two rows of one rule that hold on the same day: nothing is started by either', async () => {
  const name = `twice-${randomBytes(4).toString('hex')}`;
  const xml = await readFile(deadlineTableFile, 'utf8');
  const [row = ''] = /<rule id="[^"]*">(?:(?!<\/rule>)[\s\S])*"DL-INS-1"[\s\S]*?<\/rule>/.exec(xml) ?? [];
  const again = row.replaceAll(/ id="([^"]+)"/g, ' id="$1-again"');
  const content = xml
    .replace(row, row + again)
    .replaceAll('id="statutory-deadlines"', `id="${name}"`)
    .replaceAll('dmnElementRef="statutory-deadlines"', `dmnElementRef="${name}"`)
    .replace(/(<definitions[^>]*? id=")[^"]+/, `$1${name}-table`);
  await engine.deploy([{ name: `${name}.dmn`, content: Buffer.from(content) }]);
  const event = { startedOn: '2026-11-20' };
  await expect(engine.evaluateDecision(name, { ...event, rule: 'DL-INS-1' })).rejects.toThrow(name);
  expect(await engine.evaluateDecision(name, { ...event, rule: 'DL-INS-2' })).toMatchObject({ rule: 'DL-INS-2' });
});
