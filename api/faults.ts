import { z } from 'zod';
import { InputProblem, type FieldFault } from '../core/errors.js';

/** The faults of a value against its schema, by path as the caller wrote it, each with a code of the catalogue (`fault.<code>`). */
export function faultsOf(issues: readonly z.core.$ZodIssue[]): FieldFault[] {
  return issues.flatMap((issue) => faults(issue));
}

/** Parses a value from outside. @throws InputProblem 422 naming every wrong field. */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown): T {
  // With the input in each issue: a value of another type is told from one that is missing.
  const parsed = z.safeParse(schema, value, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new InputProblem(422, 'validation', faultsOf(parsed.error.issues));
}

function faults(issue: z.core.$ZodIssue): FieldFault[] {
  const field = pathOf(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ field: pathOf([...issue.path, key]), code: 'unknown-field' }));
    case 'invalid_type':
      return [{ field, code: issue.input === undefined ? 'missing' : (types[issue.expected] ?? 'format') }];
    case 'invalid_value':
      // A form sends a choice that was not made as an empty one.
      return issue.input === undefined || issue.input === ''
        ? [{ field, code: 'missing' }]
        : [{ field, code: 'not-one-of', params: { values: issue.values.map(String).join(', ') } }];
    case 'too_small':
      return [
        { field, code: issue.origin === 'array' ? 'too-few' : 'too-short', params: { least: Number(issue.minimum) } },
      ];
    case 'too_big':
      return [
        { field, code: issue.origin === 'array' ? 'too-many' : 'too-long', params: { most: Number(issue.maximum) } },
      ];
    case 'invalid_format':
      return [{ field, code: formats[issue.format] ?? ownCode(issue.message) }];
    case 'custom':
      return [{ field, code: ownCode(issue.message) }];
    default:
      return [{ field, code: 'format' }];
  }
}

const formats: Record<string, string> = { datetime: 'datetime', date: 'date', email: 'email' };
const types: Record<string, string> = {
  string: 'type-text',
  number: 'type-number',
  int: 'type-number',
  boolean: 'type-flag',
  array: 'type-list',
  object: 'type-object',
};

/** A schema names the code of its own refusals as their message; anything else is a message of the library. */
function ownCode(message: string): string {
  return /^[a-z]+(-[a-z]+)*$/.test(message) ? message : 'format';
}

/** The path as a caller writes it, e.g. `employees[0].name`; `body` for the whole. */
function pathOf(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>(
    (before, part) =>
      typeof part === 'number' ? `${before}[${part}]` : before ? `${before}.${String(part)}` : String(part),
    '',
  );
  return text || 'body';
}
