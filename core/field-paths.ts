import type { Document } from 'mongoose';
import { PermanentError } from './errors.js';

/** Parts of a declared path, outermost first; `$` stands for each element of an array. */
export type FieldPath = readonly string[];

/** `persons.$.name` -> ['persons', '$', 'name']. */
export function parsePath(path: string): FieldPath {
  return path.split('.');
}

type MapLeaf = (value: unknown, path: string) => Promise<unknown>;

/** A copy of a value in which what lies at the end of a path is mapped; parts of the path that aren't there are left out. */
export async function mapPath(value: unknown, field: FieldPath, prefix: string, map: MapLeaf): Promise<unknown> {
  const [part, ...rest] = field;
  if (part === undefined) return map(value, prefix);
  if (value === null || value === undefined) return value;
  const below = (name: string | number): string => (prefix === '' ? String(name) : `${prefix}.${name}`);
  if (part === '$') {
    if (!Array.isArray(value)) throw new PermanentError(`${prefix}: has to be an array`, { field: prefix });
    const mapped: unknown[] = [];
    for (const [index, item] of value.entries()) mapped.push(await mapPath(item, rest, below(index), map));
    return mapped;
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new PermanentError(`${prefix}: has to be an object`, { field: prefix });
  }
  const named = plainOf(value) as Record<string, unknown>;
  if (!Object.hasOwn(named, part)) return named;
  return { ...named, [part]: await mapPath(named[part], rest, below(part), map) };
}

/** A document or subdocument of mongoose as a plain object; anything else as it is. */
export function plainOf(value: unknown): unknown {
  const { toObject } = (value ?? {}) as { toObject?: (options: object) => unknown };
  return typeof toObject === 'function' ? toObject.call(value, { depopulate: true }) : value;
}

/** The concrete paths of a hydrated document that a declared path stands for: `persons.$.name` -> `persons.0.name`, ... */
export function changedPaths(document: Document, field: FieldPath): string[] {
  let paths = [''];
  for (const part of field) {
    paths = paths.flatMap((path) => {
      if (part !== '$') return [path === '' ? part : `${path}.${part}`];
      const items: unknown = document.get(path);
      return Array.isArray(items) ? items.map((_item, index) => `${path}.${index}`) : [];
    });
  }
  return paths;
}

/** Maps a value that is about to be set at `path`; `rest` leads from there to what is personal. */
type MapChange = (value: unknown, path: string, rest: FieldPath) => Promise<unknown>;

const removals = new Set(['$unset', '$pull', '$pullAll', '$pop']);

/**
 * A copy of a MongoDB update in which the values that it sets at the declared fields are mapped. Operators that set such fields in another way
 * than $set, $setOnInsert, $push and $addToSet, and update pipelines, are refused.
 */
export async function mapUpdate(update: unknown, fields: readonly FieldPath[], map: MapChange): Promise<unknown> {
  if (Array.isArray(update)) {
    refusePipeline(update, fields);
    return update;
  }
  if (typeof update !== 'object' || update === null) return update;
  const mapped: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(update)) {
    mapped[name] = name.startsWith('$')
      ? await mapOperator(name, value, fields, map)
      : await mapChange('$set', name, value, fields, map);
  }
  return mapped;
}

async function mapOperator(operator: string, changes: unknown, fields: readonly FieldPath[], map: MapChange) {
  if (typeof changes !== 'object' || changes === null || removals.has(operator)) return changes;
  const mapped: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(changes))
    mapped[path] = await mapChange(operator, path, value, fields, map);
  return mapped;
}

async function mapChange(operator: string, path: string, value: unknown, fields: readonly FieldPath[], map: MapChange) {
  let mapped = value;
  for (const field of fields) {
    const rest = below(path, field);
    if (rest === null) continue;
    if (operator === '$set' || operator === '$setOnInsert') {
      mapped = await map(mapped, path, rest);
    } else if ((operator === '$push' || operator === '$addToSet') && rest[0] === '$') {
      const { $each: each } = (mapped ?? {}) as { $each?: unknown };
      mapped = Array.isArray(each)
        ? { ...(mapped as object), $each: await map(each, path, rest) }
        : await map(mapped, path, rest.slice(1));
    } else {
      throw new PermanentError(`${path}: is personal: ${operator} can't set it, use $set`, { field: path });
    }
  }
  return mapped;
}

/** What is left of a declared field below an update's path; null when the path has nothing to do with it. */
function below(path: string, field: FieldPath): FieldPath | null {
  const parts = path.split('.').map((part) => (/^(\d+|\$(\[.*\])?)$/.test(part) ? '$' : part));
  if (parts.every((part, index) => part === field[index])) return field.slice(parts.length);
  const [given, declared] = [parts, field].map((all) => all.filter((part) => part !== '$'));
  const related = given!.every((part, i) => i >= declared!.length || part === declared![i]);
  if (related) throw new PermanentError(`${path}: doesn't fit the personal field ${field.join('.')}`, { field: path });
  return null;
}

function refusePipeline(stages: readonly unknown[], fields: readonly FieldPath[]): void {
  const roots = new Set(fields.map(([root]) => root));
  for (const stage of stages) {
    for (const [operator, changes] of Object.entries(stage as object)) {
      const names = typeof changes === 'object' && changes !== null ? Object.keys(changes as object) : [];
      const touched = names.find((name) => roots.has(name.split('.')[0]));
      if (operator === '$unset') continue;
      if (operator.startsWith('$replace') || touched !== undefined) {
        throw new PermanentError(`${touched ?? operator}: personal fields can't be set by a pipeline, use $set`);
      }
    }
  }
}

/** The values that a filter compares, each with the path (without array positions) that it compares them to. */
export function* filterLeaves(filter: unknown, path = ''): Generator<{ path: string; value: unknown }> {
  if (Array.isArray(filter)) {
    for (const item of filter) yield* filterLeaves(item, path);
  } else if (isPlain(filter)) {
    for (const [name, value] of Object.entries(filter)) {
      if (name.startsWith('$')) yield* filterLeaves(value, path);
      else yield* filterLeaves(value, strip(path === '' ? name : `${path}.${name}`));
    }
  } else {
    yield { path, value: filter };
  }
}

function strip(path: string): string {
  return path
    .split('.')
    .filter((part) => !/^(\d+|\$(\[.*\])?)$/.test(part))
    .join('.');
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
