import type { Column } from '../../test/helpers/rights-cases.js';

type Json = Record<string, unknown>;

/**
 * Our OpenAPI document with ids that are there among what fits a field: without them nearly every request would end at a case that nobody
 * gave. What the document allows stays as it is.
 */
export function withKnownIds(document: Json, columns: readonly Column[]): Json {
  const of = (name: 'number' | 'documentId' | 'lineId' | 'letterId' | 'requestId'): string[] =>
    columns.map(({ subject }) => subject[name]);
  const known: Record<string, string[]> = {
    ...{ number: of('number'), documentId: of('documentId'), lineId: of('lineId'), letterId: of('letterId') },
    ...{ requestId: of('requestId'), employeeId: ['SC-1027', 'SC-1018'], addresseeId: ['SC-1015'] },
    rule: ['DL-INS-1', 'DL-INS-2'],
  };
  const orKnown = (name: string, schema: Json): Json =>
    known[name] && schema['type'] === 'string' ? { anyOf: [{ type: 'string', enum: known[name] }, schema] } : schema;
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const walked: Json = Object.fromEntries(
      Object.entries(value).map(([name, item]): [string, unknown] => [name, walk(item)]),
    );
    const { properties, name, schema } = walked;
    if (typeof name === 'string' && isObject(schema)) walked['schema'] = orKnown(name, schema);
    if (isObject(properties))
      walked['properties'] = Object.fromEntries(
        Object.entries(properties).map(([field, item]) => [field, isObject(item) ? orKnown(field, item) : item]),
      );
    return walked;
  };
  const isObject = (value: unknown): value is Json =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const paths = Object.entries(document['paths'] as Record<string, Record<string, Json>>).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods).map(([method, { responses, ...operation }]) => [
        method,
        { ...(walk(operation) as Json), responses },
      ]),
    ),
  ]);
  return { ...document, paths: Object.fromEntries(paths) };
}
