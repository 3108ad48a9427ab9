import type { z } from 'zod';
import { InputProblem, type FieldFault } from '../core/errors.js';

/** The faults of a value against its schema, by path as the caller wrote it, each with a code of the catalogue (`fault.<code>`). */
export function faultsOf(issues: readonly z.core.$ZodIssue[]): FieldFault[] {
  return issues.flatMap((issue) => faults(issue));
}

/** Parses a value from outside. @throws InputProblem 422 naming every wrong field. */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputProblem(422, 'validation', faultsOf(parsed.error.issues));
}

function faults(issue: z.core.$ZodIssue): FieldFault[] {
  const field = pathOf(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ field: pathOf([...issue.path, key]), code: 'unknown-field' }));
    case 'invalid_type':
      return [
        issue.input === undefined
          ? { field, code: 'missing' }
          : { field, code: 'type', params: { expected: issue.expected } },
      ];
    case 'invalid_value':
      return issue.input === undefined
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
      return [{ field, code: formats[issue.format] ?? 'format' }];
    case 'custom':
      return [{ field, code: issue.message }];
    default:
      return [{ field, code: 'format' }];
  }
}

const formats: Record<string, string> = { datetime: 'datetime', date: 'date', email: 'email' };

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part)),
    '',
  );
}
