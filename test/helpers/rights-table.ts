import type { buildApp } from '../../api/app.js';
import { readingRows } from './rights-reading.js';
import type { Row } from './rights-row.js';
import { writingRows } from './rights-writing.js';

/** HEAD answers as GET does, without the body (RFC 9110, 9.3.2), by the same handler: one state of the case is enough. */
const headRows = readingRows.map((row): Row => ({
  ...row,
  route: row.route.replace('GET', 'HEAD'),
  lists: false,
  listsOpen: false,
  openAlone: true,
  // Of a list without its body nothing can be told of the case.
  ...(row.lists || row.listsOpen ? { ofNoCase: true } : {}),
  send: (column, number) => row.send({ ...column, by: column.by.asking('HEAD') }, number),
}));

/** What reads first: what writes makes lists and case files longer. */
export const rows: readonly Row[] = [...readingRows, ...headRows, ...writingRows];

export const nameOf = ({ route, use }: Row): string => (use ? `${route} (${use})` : route);

/** Every route of the app as `METHOD /path`, from what it prints of its router. */
export function routesOf(app: Pick<Awaited<ReturnType<typeof buildApp>>, 'printRoutes'>): string[] {
  const found: string[] = [];
  const above: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const match = /^([│ ]*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (!match) {
      if (line.trim()) throw new Error(`can't be read as a route: ${line}`);
      continue;
    }
    const [, indent = '', part = '', methods = ''] = match;
    const depth = indent.length / 4;
    above.splice(depth, Infinity, part);
    const path = above.join('').replaceAll(/\/{2,}/g, '/');
    for (const method of methods.split(', ').filter(Boolean)) found.push(`${method} ${path}`);
  }
  return found.sort();
}
