import path from 'node:path';

/** What the page of requirements may say of a row. */
export const answers = ['met', 'met in part', 'organisation', 'metadata', 'not yet'] as const;

/** A row of the page: a requirement (`INS-01`) or a clock (`DL-INS-1`). Links are paths from the root. */
export interface Row {
  id: string;
  /** As it stands in the column; one of {@link answers} where it is sound. */
  answer: string;
  /** What follows the answer. */
  note: string;
  where: string[];
  proofs: string[];
}

/** The rows of all tables whose first column is an id. `page`: path from the root. */
export function readRows(page: string, text: string): Row[] {
  const linksOf = (cell: string): string[] =>
    [...cell.matchAll(/\]\(([^)#\s]+)/g)].map(([, to = '']) => path.posix.join(path.posix.dirname(page), to));
  return text.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    const [, id = '', , , how = '', where = '', proofs = ''] = cells;
    if (!/^(?:DL-)?[A-Z]+-\d+$/.test(id)) return [];
    const [, answer = '', note = ''] = /^([^:;]*)(?:[:;] (.*))?$/.exec(how) ?? [];
    return [{ id, answer, note, where: linksOf(where), proofs: linksOf(proofs) }];
  });
}

/** Ids from one number to another, each of so many digits. */
export function idsOf(kind: string, last: number, digits: number): string[] {
  return Array.from({ length: last }, (_, at) => `${kind}-${String(at + 1).padStart(digits, '0')}`);
}

/** What is wrong with the rows, `wanted` being the ids in their order. */
export function rowFaults(
  rows: readonly Row[],
  wanted: readonly string[],
  exists: (file: string) => boolean,
): string[] {
  const seen = rows.map(({ id }) => id);
  const faults = [
    ...wanted.filter((id) => !seen.includes(id)).map((id) => `${id}: no row`),
    ...seen.filter((id) => !wanted.includes(id)).map((id) => `${id}: no such requirement`),
    ...seen.filter((id, at) => seen.indexOf(id) !== at).map((id) => `${id}: a second row`),
  ];
  if (faults.length === 0) {
    const at = wanted.findIndex((id, place) => id !== seen[place]);
    if (at >= 0) faults.push(`${seen[at] ?? ''}: out of order, ${wanted[at] ?? ''} belongs here`);
  }
  for (const { id, answer, note, where, proofs } of rows) {
    if (!(answers as readonly string[]).includes(answer)) faults.push(`${id}: "${answer}" is no answer`);
    if (answer === 'met in part' && note === '') faults.push(`${id}: what is missing?`);
    if (answer.startsWith('met ') || answer === 'met') {
      if (where.length === 0) faults.push(`${id}: met where?`);
      if (answer === 'met' && proofs.length === 0) faults.push(`${id}: what proves it?`);
    }
    for (const file of [...where, ...proofs]) if (!exists(file)) faults.push(`${id}: ${file} is not there`);
    for (const file of where) if (file.startsWith('test/')) faults.push(`${id}: ${file} is a test`);
    for (const file of proofs) if (!/^test\/.*\.test\.ts$/.test(file)) faults.push(`${id}: ${file} is no test`);
  }
  return faults;
}

/** Ids of requirements that a source cites, also the short ones of `ACC-02, -05 to -08`; no clocks, readings, forms and numbers of cases. */
export function citedIn(source: string): string[] {
  const found = source.matchAll(
    /(?<![\w-])(INS|ACC|TECH)-(\d{2})(?!\d)((?:(?:,|,?\s+(?:\*\s)?(?:to|and))\s+(?:\*\s)?-\d{2}(?!\d))*)/g,
  );
  return [...found].flatMap(([, kind = '', first = '', more = '']) =>
    [first, ...[...more.matchAll(/\d{2}/g)].map(([number]) => number)].map((number) => `${kind}-${number}`),
  );
}
