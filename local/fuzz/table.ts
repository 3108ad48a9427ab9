import { loginOf, type CallerName, type Column } from '../../test/helpers/rights-cases.js';
import { routesOf, rows } from '../../test/helpers/rights-table.js';

/** Whether the table of rights denies an answer that was given. */
export interface Table {
  /** The access that a caller got though no row of the table gives it to him, or null. */
  denied(asked: { caller: string; method: string; url: string; status: number }): string | null;
}

const refusals = new Set([401, 403, 404]);

/** Logins of those who read the cases of their unit, or all; no others read any. */
const readsSome = /^(iss|management|auditor|ib\.admin|is\.admin)/;

/** Who comes without a login is told apart by his code. */
const isOf = (column: Column, caller: string): boolean => loginOf(column.caller) !== '' || column.caller === caller;

/**
 * Holds answers against the table of rights, by person and case. A case that the table doesn't have for somebody (a new one, one of other
 * columns) may be his to read, if any is: there only those are held against it who read none.
 */
export function createTable(app: Parameters<typeof routesOf>[0], columns: readonly Column[]): Table {
  const routes = routesOf(app).map((route) => {
    const [method = '', path = ''] = route.split(' ');
    const form = path.replaceAll('.', '\\.').replaceAll(/:(\w+)/g, '[^/]+');
    return { route, method, form: new RegExp(`^${form}/?$`) };
  });
  // Where two routes fit, the one without a parameter is meant.
  routes.sort((a, b) => Number(a.route.includes(':')) - Number(b.route.includes(':')));
  return {
    denied: ({ caller, method, url, status }) => {
      if (status >= 400) return null;
      const path = url.split('?')[0] ?? '';
      const route = routes.find((each) => each.method === method && each.form.test(path))?.route;
      const own = columns.filter(
        (column) => loginOf(column.caller) === loginOf(caller as CallerName) && isOf(column, caller),
      );
      const number = /\/cases\/([A-Z]{3}-[^/]+)/.exec(path)?.[1];
      const about = own.filter(({ subject }) => subject.number === number);
      if (number !== undefined && about.length === 0 && readsSome.test(loginOf(caller as CallerName))) return null;
      const asked = about.length > 0 ? about : own;
      const meant = rows.filter((row) => row.route === route);
      if (meant.some((row) => asked.some((column) => !refusals.has(row.status(column))))) return null;
      return `${caller} got ${status} of ${route ?? `${method} ${path}, which is no route`}`;
    },
  };
}
