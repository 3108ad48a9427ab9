import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseDeadlineTable, type DeadlineRow } from '../../core/deadline-table.js';
import { PermanentError } from '../../core/errors.js';
import { readDiagrams, type Diagram } from './diagrams.js';
import { glob } from './files.js';

/** Where the table of terms stands, and who may name its rules. All from the project's root. */
export interface Places {
  table: string;
  /** Folder of the diagrams, in it one for each process. */
  diagrams: string;
  /** Folders of the code, likewise. */
  code: readonly string[];
}

const ofTheProject: Places = {
  table: 'bpmn/shared/statutory-deadlines.dmn',
  diagrams: 'bpmn',
  code: ['core', 'workers', 'api'],
};

/** What is wrong with the table of terms, by itself and beside the diagrams and the code; each with row and column, or the step to edit. */
export async function checkTerms(root: string, places: Places = ofTheProject): Promise<string[]> {
  const { table, diagrams: folder, code } = places;
  let rows: DeadlineRow[];
  try {
    rows = await parseDeadlineTable(await readFile(path.join(root, table), 'utf8'), table);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return [error.message];
  }
  const diagrams = await readDiagrams(root, folder);
  const drawn = await rulesIn(root, await glob(root, folder, '.bpmn'), rule);
  const coded = await rulesInCode(root, code);
  return [
    ...rulesWithoutRow(diagrams, rows, table),
    ...rowsWithoutPlace(diagrams, rows, table, new Set([...drawn, ...coded])),
  ];
}

/** Where the code says on which rules a term of the organisation has an effect; it names them and counts none. */
const ownTerms = 'core/own-terms.ts';

/**
 * The rules that leave their length to the organisation and that are counted: a step of a diagram hands them on, or the code names them. Only of
 * these a term of the organisation has an effect.
 */
export async function rulesOfOwnTerms(root: string, places: Places = ofTheProject): Promise<string[]> {
  const rows = await parseDeadlineTable(await readFile(path.join(root, places.table), 'utf8'), places.table);
  const diagrams = await readDiagrams(root, places.diagrams);
  const handedOn = diagrams.flatMap(({ steps }) =>
    steps.flatMap(({ inputs }) => [...inputs.values()].flatMap((text) => text.match(rule) ?? [])),
  );
  const counted = new Set([...handedOn, ...(await rulesInCode(root, places.code))]);
  const silent = rows.filter(({ length }) => length === null).map((row) => row.rule);
  return [...new Set(silent)].filter((name) => counted.has(name));
}

const rule = /(DL-[A-Z]+-\d+)/g;
/** In code a comment may cite a rule; what acts on it says it as a text. */
const quoted = /['"](DL-[A-Z]+-\d+)['"]/g;

async function rulesInCode(root: string, folders: readonly string[]): Promise<string[]> {
  const files = (await Promise.all(folders.map((folder) => glob(root, folder, '.ts', '.tsx')))).flat();
  return rulesIn(
    root,
    files.filter((file) => file !== ownTerms),
    quoted,
  );
}

async function rulesIn(root: string, files: readonly string[], pattern: RegExp): Promise<string[]> {
  const texts = await Promise.all(files.map((file) => readFile(path.join(root, file), 'utf8')));
  return texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name = '']) => name));
}

/** Rules that a step names or hands on, and that the table lacks. */
function rulesWithoutRow(diagrams: readonly Diagram[], rows: readonly DeadlineRow[], table: string): string[] {
  const known = new Set(rows.map((row) => row.rule));
  return diagrams.flatMap(({ file, steps }) =>
    steps.flatMap((step) => {
      const named = [step.name, ...step.inputs.values()].flatMap((text) => text.match(rule) ?? []);
      return [...new Set(named)]
        .filter((name) => !known.has(name))
        .map((name) => `${file} ${step.id}: rule ${name} has no row in ${table} (column "rule")`);
    }),
  );
}

/** Rows of a process that is drawn whose rule no diagram and no code names: nothing would ever count them. */
function rowsWithoutPlace(
  diagrams: readonly Diagram[],
  rows: readonly DeadlineRow[],
  table: string,
  named: ReadonlySet<string>,
): string[] {
  const drawn = new Set(diagrams.flatMap(({ file, processId }) => [file.split('/').at(-2), processId]));
  return rows.flatMap((row, index) =>
    drawn.has(row.process) && !named.has(row.rule)
      ? [
          `${table}: row ${index + 1} ("${row.rule}"), column "rule": no diagram of ${row.process} names it, nor does the code; name it where it runs, or in the documentation of the step that it concerns`,
        ]
      : [],
  );
}
