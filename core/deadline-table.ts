import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DmnModdle } from 'dmn-moddle';
import type { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { inProject } from '../config/index.js';
import { forwardUnits, parseWarnings, units, type Unit } from './deadlines.js';
import { PermanentError } from './errors.js';
import { dayNumber, isoDay } from './legal-day.js';

/** Units whose row may leave the length to the organisation. The others say nothing without one. */
const silentUnits: readonly Unit[] = ['WD', 'CD', 'DUR'];

/** One row of the deadline table, as the decision answers it and as each clock freezes it. */
export const deadlineRowSchema = z
  .strictObject(
    {
      rule: z.string().regex(/^DL-[A-Z]+-\d+$/, 'expected a rule like DL-INS-1'),
      /** Slug of the process, e.g. `inspection`. */
      process: z.string().regex(/^[a-z]+(-[a-z]+)*$/, 'expected a slug like inspection'),
      act: z.string().min(1),
      /** Item of the act, in the requirements' notation, e.g. `R9`. */
      item: z.string().min(1),
      /** How many units; null where the act is silent. */
      length: z.number().int().positive().nullable(),
      unit: z.enum(units),
      calendar: z.enum(['KZ', 'KG']),
      /** Spans before the target at which to warn, e.g. `P1D` or `P2D,PT4H`; empty for none. */
      warnings: z
        .string()
        .refine((value) => isFine(() => parseWarnings(value)), 'expected days or hours like P1D or P2D,PT4H'),
      /** First legal day of the event for which the row holds, YYYY-MM-DD. */
      validFrom: z.iso.date('expected a day like 2020-06-05'),
      /** Last such day, or null while none is known. */
      validTo: z.iso.date('expected a day like 2020-06-05, or null').nullable(),
    },
    {
      error: ({ input }) =>
        Array.isArray(input) ? `${input.length} rows were answered; expected one: validities overlap` : undefined,
    },
  )
  .refine(({ length, unit }) => length !== null || silentUnits.includes(unit), {
    path: ['length'],
    message: `only ${silentUnits.join(', ')} can be silent; expected a whole number above 0`,
  })
  .refine(({ warnings, unit }) => warnings === '' || (forwardUnits as readonly Unit[]).includes(unit), {
    path: ['warnings'],
    message: 'this unit compares days, nothing runs out: expected ""',
  });

export type DeadlineRow = z.infer<typeof deadlineRowSchema>;

export interface DeadlineTable {
  /** Path from the project's root, for messages. */
  file: string;
  rows: readonly DeadlineRow[];
  /**
   * The row of a rule that holds for an event on a legal day.
   * @throws PermanentError naming the file when it has no row of the rule, or none for the day.
   */
  rowFor(rule: string, startedOn: Temporal.PlainDate | string): DeadlineRow;
}

export const deadlineTableFile = inProject('bpmn', 'shared', 'statutory-deadlines.dmn');
const decisionId = 'statutory-deadlines';
const inputs = ['rule', 'date(startedOn)'];
const columns = Object.keys(deadlineRowSchema.shape);
const ruleColumn = 0;
const dayColumn = 1;

/** Reads the decision table, the same file that the engine evaluates. Throws one PermanentError that names every faulty row and column. */
export async function loadDeadlineTable(file: string = deadlineTableFile): Promise<DeadlineTable> {
  return createDeadlineTable(await readDeadlineTable(file), path.relative(inProject(), file));
}

export function createDeadlineTable(rows: readonly DeadlineRow[], file: string): DeadlineTable {
  return {
    file,
    rows,
    rowFor: (rule, startedOn) => {
      const on = startedOn.toString();
      const ofRule = rows.filter((row) => row.rule === rule);
      const [found] = ofRule.filter((row) => row.validFrom <= on && (row.validTo === null || on <= row.validTo));
      if (found) return found;
      const have = ofRule.length
        ? `it has rows of that rule for ${ofRule.map(validity).join(' and ')}`
        : `column "rule" has ${[...new Set(rows.map((row) => row.rule))].join(', ')}`;
      throw new PermanentError(`${file}: no row of rule "${rule}" for an event on ${on}; ${have}`, { field: 'rule' });
    },
  };
}

/** The rows of a table file. Throws one PermanentError that names every faulty row and column. */
export async function readDeadlineTable(file: string): Promise<DeadlineRow[]> {
  return parseDeadlineTable(await readFile(file, 'utf8'), path.relative(inProject(), file));
}

/** The rows in the XML of a table; `file` is what messages call it. */
export async function parseDeadlineTable(xml: string, file: string): Promise<DeadlineRow[]> {
  const table = await decisionTable(xml, file);
  const faults: string[] = [];
  const rows: NumberedRow[] = [];
  table.rules.forEach((cells, index) => {
    const found = readRow(cells, table.outputs);
    const where = `row ${index + 1}${cells.inputs[ruleColumn] ? ` (${cells.inputs[ruleColumn]})` : ''}`;
    if (Array.isArray(found)) faults.push(...found.map((fault) => `${where}, ${fault}`));
    else rows.push({ ...found, number: index + 1 });
  });
  faults.push(...togetherFaults(rows));
  if (faults.length) throw new PermanentError(`${file} is wrong:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  return rows.map(({ number: _, ...row }) => row);
}

type NumberedRow = DeadlineRow & { number: number };

/** What is wrong between rows of one rule: days with two rows, days with none, or two countries. */
function togetherFaults(rows: readonly NumberedRow[]): string[] {
  const faults: string[] = [];
  const fault = (row: NumberedRow, column: string, found: string): void => {
    faults.push(`row ${row.number} ("${row.rule}"), column "${column}": ${found}`);
  };
  for (const [index, row] of rows.entries())
    for (const later of rows.slice(index + 1)) {
      if (later.rule !== row.rule) continue;
      if (overlap(row, later))
        fault(
          later,
          'validFrom',
          `its validity (${validity(later)}) overlaps that of row ${row.number} (${validity(row)})`,
        );
      if (later.calendar !== row.calendar)
        fault(later, 'calendar', `"${later.calendar}", but row ${row.number} of the same rule has "${row.calendar}"`);
    }
  for (const row of rows) {
    const before = rows
      .filter((other) => other.rule === row.rule && other.validFrom < row.validFrom)
      .sort((a, b) => a.validFrom.localeCompare(b.validFrom))
      .at(-1);
    const gapFrom = before?.validTo && isoDay(dayNumber(before.validTo) + 1);
    if (gapFrom && gapFrom < row.validFrom)
      fault(row, 'validFrom', `no row holds from ${gapFrom} until ${row.validFrom} (row ${before.number} ends before)`);
  }
  return faults;
}

interface Cells {
  inputs: string[];
  outputs: string[];
}

/** The table's cells as text, after checking that it is the decision that diagrams call. */
async function decisionTable(xml: string, file: string): Promise<{ outputs: string[]; rules: Cells[] }> {
  const fail = (fault: string): never => {
    throw new PermanentError(`${file} is wrong: ${fault}`);
  };
  const { rootElement } = await new DmnModdle().fromXML(xml).catch((error: unknown) => {
    throw new PermanentError(`${file} is no DMN 1.3 file: ${(error as Error).message}`, { cause: error });
  });
  const elements = (rootElement.drgElement as Element[] | undefined) ?? [];
  const decision = elements.find((element) => element.$type === 'dmn:Decision' && element.id === decisionId);
  const table = decision?.decisionLogic;
  if (table?.$type !== 'dmn:DecisionTable') return fail(`it has no decision table with the id "${decisionId}"`);
  // An absent hit policy is UNIQUE, the default of DMN.
  if ((table.hitPolicy ?? 'UNIQUE') !== 'UNIQUE') fail(`the hit policy must be UNIQUE, found ${table.hitPolicy}`);
  const asked = (table.input ?? []).map((input) => input.inputExpression?.text?.trim() ?? '');
  if (asked.join() !== inputs.join()) fail(`the inputs must be ${quoted(inputs)}, found ${quoted(asked)}`);
  const answered = (table.output ?? []).map((output) => output.name ?? '');
  if ([...answered].sort().join() !== [...columns].sort().join())
    fail(`the output columns must be ${quoted(columns)}, found ${quoted(answered)}`);
  const texts = (entries: Element[] | undefined): string[] => (entries ?? []).map((entry) => entry.text?.trim() ?? '');
  return {
    outputs: answered,
    rules: (table.rule ?? []).map((rule) => ({ inputs: texts(rule.inputEntry), outputs: texts(rule.outputEntry) })),
  };
}

/** What this reader looks at in an element of dmn-moddle. */
interface Element {
  $type: string;
  id?: string;
  name?: string;
  text?: string;
  hitPolicy?: string;
  decisionLogic?: Element;
  inputExpression?: Element;
  input?: Element[];
  output?: Element[];
  rule?: Element[];
  inputEntry?: Element[];
  outputEntry?: Element[];
}

/** One row, or what is wrong with it: `column "…": …`. */
function readRow(cells: Cells, outputs: string[]): DeadlineRow | string[] {
  const faults: string[] = [];
  const values = Object.fromEntries(
    outputs.map((name, index) => {
      const cell = literal(cells.outputs[index] ?? '');
      if (cell === undefined)
        faults.push(
          `column "${name}": "${cells.outputs[index]}" is no literal; expected text in quotes, a whole number or null`,
        );
      return [name, cell];
    }),
  );
  if (faults.length) return faults;
  const parsed = deadlineRowSchema.safeParse(values);
  if (!parsed.success)
    return parsed.error.issues.map(
      (issue) => `column "${issue.path.join('.')}": ${JSON.stringify(values[String(issue.path[0])])}: ${issue.message}`,
    );
  const row = parsed.data;
  if (literal(cells.inputs[ruleColumn] ?? '') !== row.rule)
    faults.push(
      `input "rule": found ${cells.inputs[ruleColumn] || 'nothing'}; expected the same as column "rule", "${row.rule}"`,
    );
  if (cells.inputs[dayColumn] !== dayTest(row))
    faults.push(
      `input "startedOn": found ${cells.inputs[dayColumn] || 'nothing'}; expected what "validFrom" and "validTo" say, ${dayTest(row)}`,
    );
  if (row.validTo !== null && row.validTo < row.validFrom)
    faults.push(`column "validTo": ${row.validTo} is before "validFrom"`);
  return faults.length ? faults : row;
}

/** The value of a literal cell; an empty cell is null as in the engine; undefined when it is anything but a literal. */
function literal(text: string): string | number | null | undefined {
  if (text === '' || text === 'null') return null;
  if (/^\d+$/.test(text)) return Number(text);
  return /^"[^"\\]*"$/.test(text) ? text.slice(1, -1) : undefined;
}

/** The test on the day of the event that the engine has to see for a row's validity. */
function dayTest(row: DeadlineRow): string {
  return row.validTo === null ? `>= date("${row.validFrom}")` : `[date("${row.validFrom}")..date("${row.validTo}")]`;
}

function overlap(a: DeadlineRow, b: DeadlineRow): boolean {
  return (b.validTo === null || a.validFrom <= b.validTo) && (a.validTo === null || b.validFrom <= a.validTo);
}

function validity(row: DeadlineRow): string {
  return row.validTo === null ? `${row.validFrom} onwards` : `${row.validFrom} to ${row.validTo}`;
}

function quoted(names: string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

function isFine(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
