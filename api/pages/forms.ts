import type { FastifyRequest } from 'fastify';
import { InputProblem } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { Text } from '../../core/text.js';
import type { Form } from '../cases/commands.js';
import type { FormFile } from '../cases/upload.js';
import { describeProblem } from '../plugins/problems.js';
import type { Refused } from './fields.js';
import { labelOf } from './labels.js';

/** The body of a form post; empty where there is none. */
export function formOf(request: FastifyRequest): Form {
  return typeof request.body === 'object' && request.body !== null ? (request.body as Form) : {};
}

/** The fields of a form that were filled in, without the token. */
export function filled(form: Form): Form {
  return Object.fromEntries(Object.entries(form).filter(([name, value]) => name !== '_csrf' && value !== ''));
}

/** Of some fields of a form whose names begin alike, those that were filled in. */
export function pick(given: Form, at: string, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.flatMap((name) => (given[at + name] === undefined ? [] : [[name, given[at + name]] as const])),
  );
}

/** A file as the API takes it in its body. */
export function copyOf(file: FormFile | null): { name: string; contentType: string; content: string } | undefined {
  return file ? { ...file, content: file.content.toString('base64') } : undefined;
}

/** Bytes that a file in a form may have at most: it is held while it is checked. */
export function mostFileBytes({ web }: { web: { uploadMaxBytes: number } }): number {
  return Math.min(web.uploadMaxBytes, 10 * 1024 * 1024);
}

/** The key under which a form counts once. */
export function keyOf(request: FastifyRequest): string {
  const { idempotencyKey: given } = formOf(request);
  return typeof given === 'string' && given ? given : newId();
}

/** An application as the public page's form has it, in the shape of the API. */
export function applicationOf(form: Form, language: string): unknown {
  const { senderName, iin, bin, email, phone, facts, employees, thirdParties, periodFrom, periodTo, triggerKind } =
    filled(form);
  return {
    triggerKind,
    sender: { name: senderName, iin, bin, email, phone },
    language: language === 'kk' ? 'kk' : 'ru',
    facts: facts === undefined ? [] : [facts],
    employees: linesOf(employees).map((name) => ({ name })),
    thirdParties: linesOf(thirdParties),
    ...(periodFrom || periodTo ? { period: { from: periodFrom, to: periodTo } } : {}),
  };
}

function linesOf(value: Form[string]): string[] {
  return [value ?? []]
    .flat()
    .join('\n')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);
}

/**
 * A refused form with what was typed into it, to be shown again. `fieldOf` says which field of the form the path of a fault belongs to; a field
 * has its first fault. `wordOf` says what the page calls it.
 */
export function refusedOf(
  request: FastifyRequest,
  problem: InputProblem,
  fieldOf: (path: string) => string = bodyFieldOf,
  wordOf: (text: Text, path: string) => string = labelOf,
): Refused {
  const { title, errors = [] } = describeProblem(request, problem);
  const faults = new Map<string, Refused['faults'][number]>();
  for (const { field, detail } of errors) {
    const name = fieldOf(field);
    if (!faults.has(name)) faults.set(name, { name, label: wordOf(request.text, field), detail });
  }
  return { title, ...typedIn(request), faults: [...faults.values()] };
}

/** A form that was refused, for who can mend it; what nobody can mend in the form is thrown on. See {@link refusedOf}. */
export function mendableRefusal(
  request: FastifyRequest,
  error: unknown,
  fieldOf?: (path: string) => string,
  wordOf?: (text: Text, path: string) => string,
): { status: number; refused: Refused } {
  if (!(error instanceof InputProblem) || error.faults.length === 0 || error.status === 409) throw error;
  return { status: error.status, refused: refusedOf(request, error, fieldOf, wordOf) };
}

/** What was typed into a form, by field, and what is said of a file that was chosen. */
export function typedIn(request: FastifyRequest): Pick<Refused, 'values' | 'fileLost'> {
  const values = Object.entries(filled(formOf(request))).map(([name, value]) => [name, [value ?? []].flat()] as const);
  return { values: Object.fromEntries(values), fileLost: request.text.say('field.file-lost') };
}

/** Forms of commands call their fields as the body does. */
function bodyFieldOf(path: string): string {
  return /^\w*/.exec(path)![0];
}
