import type { Ask } from './exports.js';
import { Problem } from '../http.js';

const systems = ['iisPsc', 'egovPortal'];

/** Checks the body of POST /v1/exports; throws a Problem that names the field and what would be right. */
export function readAsk(body: Record<string, unknown>): Ask {
  const ask: Ask = {
    idempotencyKey: text(body.idempotencyKey, 'idempotencyKey', 128),
    system: text(body.system, 'system', 32),
    facts: list(body.facts, 'facts').map((fact, at) => {
      const { factId, text: words } = (fact ?? {}) as Record<string, unknown>;
      return { factId: text(factId, `facts[${at}].factId`, 64), text: text(words, `facts[${at}].text`, 10_000) };
    }),
    subjects: list(body.subjects, 'subjects').map((subject, at) => text(subject, `subjects[${at}]`, 128)),
    periodFrom: text(body.periodFrom, 'periodFrom', 40),
    periodTo: text(body.periodTo, 'periodTo', 40),
  };
  if (!systems.includes(ask.system)) throw wrong('system', `one of ${systems.join(', ')}`);
  const from = Date.parse(ask.periodFrom);
  const to = Date.parse(ask.periodTo);
  if (Number.isNaN(from)) throw wrong('periodFrom', 'an instant such as 2026-01-31T00:00:00Z');
  if (Number.isNaN(to) || to <= from) throw wrong('periodTo', 'an instant after periodFrom');
  return ask;
}

function list(value: unknown, field: string): unknown[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > 10_000) throw wrong(field, '1 to 10000 entries');
  return value;
}

function text(value: unknown, field: string, longest: number): string {
  if (typeof value === 'string' && value !== '' && value.length <= longest) return value;
  throw wrong(field, `a text of 1 to ${longest} characters`);
}

function wrong(field: string, expected: string): Problem {
  return new Problem(400, 'invalid', `${field}: expected ${expected}.`);
}
