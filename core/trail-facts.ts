import type { Actor } from './database.js';
import { PermanentError } from './errors.js';

/**
 * The net under the rule that the trail holds no personal values. It can't know a name when it sees one; it lets through what ids, codes,
 * numbers and moments look like, and refuses what names, texts, addresses, e-mails, phones, identification and account numbers look like.
 */

/** Letters of the Latin alphabet, digits and joining signs; no spaces, no `@`, no other alphabet. */
const reference = /^[A-Za-z0-9](?:[A-Za-z0-9._:/+*=-]*[A-Za-z0-9*=])?$/;
const longest = 128;

const looksPersonal: readonly { what: string; pattern: RegExp }[] = [
  // IIN and BIN (12), KG's PIN (14), phones (11); case numbers and engine keys have another form or length
  { what: 'an identification or phone number', pattern: /^(?:\d{11,12}|\d{14}|8?\d{3}-\d{3}-\d{2}-?\d{2})$/ },
  { what: 'an account number', pattern: /^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/ },
  { what: 'a name', pattern: /^[A-Z][a-z]+(?:[._-][A-Z][a-z]*)*\.?$/ },
];

const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const actType = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+$/;
const factName = /^[a-z][A-Za-z0-9]{0,63}$/;
const actorId = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/;

/** Throws a PermanentError naming the field, never its value, when part of an act can't be an id, code, number or moment. */
export function checkTrailFacts(act: {
  caseId: string;
  type: string;
  subject: string | null;
  by: Actor;
  data: Record<string, unknown>;
}): void {
  if (!reference.test(act.caseId) || act.caseId.length > longest) refuse('caseId', 'has to be an id');
  if (!actType.test(act.type)) refuse('type', 'has to be dotted and lower case, like letter.sent');
  if (!actorId.test(act.by.id)) refuse('by.id', 'has to be a login, a client id, a case number or the name of a step');
  if (act.by.onBehalfOf !== undefined && !actorId.test(act.by.onBehalfOf)) refuse('by.onBehalfOf', 'has to be a login');
  if (act.subject !== null) checkText('subject', act.subject);
  for (const [name, value] of Object.entries(act.data)) {
    if (!factName.test(name)) refuse('data', 'names have to be in camel case');
    checkFact(`data.${name}`, value);
  }
}

function checkFact(field: string, value: unknown): void {
  if (value === null || typeof value === 'boolean') return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkText(`${field}[${index}]`, item);
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuse(field, 'has to be a finite number');
    if (/^(\d{12}|\d{14})$/.test(String(value))) refuse(field, 'looks like an identification or phone number');
  } else {
    checkText(field, value);
  }
}

function checkText(field: string, value: unknown): void {
  if (typeof value !== 'string') refuse(field, 'has to be a string, a number, a flag, null or a list of strings');
  const fault = faultOf(value);
  if (fault) refuse(field, fault);
}

/** Whether a string may stand in the trail: what an organisation sets itself (codes of branches, ids of units) is checked by it early. */
export function isTrailReference(value: string): boolean {
  return faultOf(value) === null;
}

function faultOf(value: string): string | null {
  if (value === '' || ulid.test(value)) return null;
  if (value.length > longest || !reference.test(value)) {
    return 'has to be an id, a code, a number or a moment, without spaces or text';
  }
  const personal = looksPersonal.find(({ pattern }) => pattern.test(value));
  return personal ? `looks like ${personal.what}, which the trail must not hold` : null;
}

function refuse(field: string, what: string): never {
  throw new PermanentError(`trail: ${field} ${what}`, { field });
}
