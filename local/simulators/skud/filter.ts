import SCIMMY from 'scimmy';
import type { Account } from './accounts.js';
import { accountSchema, userSchema } from './names.js';

/** Comparisons of one attribute, all of which have to be true; or those of its parts. */
type Expression = (string | number | boolean | null)[];
interface Branch {
  [attribute: string]: Expression | Expression[] | Branch;
}

export interface Filter {
  text: string;
  /** One of them has to be true. */
  branches: Branch[];
}

/** Reads a filter (RFC 7644, section 3.4.2.2) by the library, which throws its error when it is none. Its own matching knows no extension. */
export function readFilter(text: string): Filter {
  return { text, branches: JSON.parse(JSON.stringify([...new SCIMMY.Types.Filter(text)])) as Branch[] };
}

export function matches(account: Account, { branches }: Filter): boolean {
  return branches.some((branch) => matchesAll(viewOf(account), branch));
}

function matchesAll(view: Record<string, unknown>, branch: Branch): boolean {
  return Object.entries(branch).every(([attribute, found]) => {
    const name = attribute.replace(`${userSchema}:`, '').replace(`${accountSchema}:`, '').toLowerCase();
    const value = view[name];
    if (!Array.isArray(found)) return matchesAll((value ?? {}) as Record<string, unknown>, found);
    const expressions = found.every((one) => Array.isArray(one)) ? found : [found];
    return expressions.every((expression) => compare(value, expression, name === 'username'));
  });
}

/** By lower-case names: names of attributes differ in more than case. */
function viewOf(account: Account): Record<string, unknown> {
  return {
    id: account.id,
    externalid: account.externalId,
    username: account.userName.toLowerCase(),
    title: account.title,
    active: account.active,
    lastsigninat: moment(account.lastSignInAt),
    passwordchangedat: moment(account.passwordChangedAt),
    mustchangepassword: account.mustChangePassword,
    meta: { created: moment(account.createdAt), lastmodified: moment(account.modifiedAt) },
  };
}

function moment(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}

function compare(value: unknown, expression: Expression, caseless: boolean): boolean {
  const negated = expression[0] === 'not';
  const [operator, given] = negated ? expression.slice(1) : expression;
  if (value instanceof Date)
    return plain(value.getTime(), String(operator), new Date(String(given)).getTime()) !== negated;
  return plain(value, String(operator), caseless ? String(given).toLowerCase() : given) !== negated;
}

function plain(value: unknown, operator: string, expected: unknown): boolean {
  if (operator === 'pr') return value !== undefined;
  if (operator === 'np') return value === undefined;
  if (value === undefined) return operator === 'ne';
  if (operator === 'eq') return value === expected;
  if (operator === 'ne') return value !== expected;
  const [a, b] = [value as number, expected as number];
  if (operator === 'gt') return a > b;
  if (operator === 'ge') return a >= b;
  if (operator === 'lt') return a < b;
  if (operator === 'le') return a <= b;
  const [text, part] = [typeof value === 'string' ? value : '', String(expected)];
  if (operator === 'co') return text.includes(part);
  if (operator === 'sw') return text.startsWith(part);
  return operator === 'ew' && text.endsWith(part);
}
