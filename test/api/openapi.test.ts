import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { accessCommands } from '../../api/access-request/commands.js';
import { technicalCommands } from '../../api/technical-request/commands.js';
import { accessRequest } from '../builders/access-request.js';
import { technicalRequest } from '../builders/technical-request.js';
import { ApiSite, type Caller } from '../helpers/api-site.js';
import { routesOf } from '../helpers/rights-table.js';

type Json = Record<string, unknown>;
interface Media {
  schema?: Json;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}
interface Operation {
  summary?: string;
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description?: string; content?: Record<string, Media> }>;
}

let site: ApiSite;
let document: { openapi: string; paths: Record<string, Record<string, Operation>> };
let operations: [name: string, operation: Operation][];

beforeAll(async () => {
  site = await ApiSite.start();
  document = (await site.anybody.get('/api/openapi.json')).json();
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
});
afterAll(() => site.stop());

/** The faults of a document; none where it is valid. */
async function faultsOf(of: object): Promise<unknown> {
  const { valid, errors } = await new Validator().validate(structuredClone(of) as never);
  return valid ? [] : errors;
}

test('is valid OpenAPI 3.1', async () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(await faultsOf(document)).toEqual([]);
});

test('would not be valid with an operation that answers nothing', async () => {
  const broken = structuredClone(document);
  (broken.paths['/api/cases']!['get'] as { responses?: unknown }).responses = 'none';
  expect(await faultsOf(broken)).not.toEqual([]);
});

test('has every route of the API, and none else', () => {
  const routes = routesOf(site.app)
    .filter((route) => / \/api\//.test(route) && !route.startsWith('HEAD'))
    .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));
  expect(operations.map(([name]) => name).sort()).toEqual(routes.sort());
});

test('says of each refusal what it means, as a problem (RFC 9457)', () => {
  const wrong = operations.flatMap(([name, { responses }]) =>
    Object.entries(responses)
      .filter(([status]) => /^[45]/.test(status))
      .filter(([, { description, content }]) => {
        const problem = content?.['application/problem+json']?.schema as { properties?: Json } | undefined;
        return !description || Object.keys(content ?? {}).length !== 1 || !problem?.properties?.['title'];
      })
      .map(([status]) => `${name} ${status}`),
  );
  expect(wrong).toEqual([]);
});

test('says of each route what it does, what it answers, and that too many requests are refused', () => {
  for (const [name, { summary, responses }] of operations) {
    expect([name, summary]).toEqual([name, expect.stringMatching(/\S/)]);
    expect([name, Object.keys(responses)]).toEqual([name, expect.arrayContaining(['429', '503'])]);
    expect([name, Object.keys(responses).filter((status) => status.startsWith('2'))]).not.toEqual([name, []]);
  }
});

test('names each media type that a document can have', () => {
  const { responses } = operations.find(([name]) => name.endsWith('/documents/{documentId}'))![1];
  expect(Object.keys(responses['200']?.content ?? {})).toEqual(
    expect.arrayContaining(['application/pdf', 'text/plain', 'text/csv', 'image/png']),
  );
});

describe('examples', () => {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  (addFormats as unknown as (of: Ajv2020) => void)(ajv);

  /** The examples of a body: one by itself, or several by name. */
  const examplesOf = ({ example, examples }: Media): unknown[] =>
    example === undefined ? Object.values(examples ?? {}).map(({ value }) => value) : [example];

  /** Every schema that has examples, its own or those of a body, with where it stands. */
  function withExamples(value: unknown, path = ''): [path: string, schema: Json, examples: unknown[]][] {
    if (Array.isArray(value)) return value.flatMap((item, index) => withExamples(item, `${path}/${index}`));
    if (typeof value !== 'object' || value === null) return [];
    const { example, examples, ...rest } = value as Json;
    const below = Object.entries(rest).flatMap(([name, item]) => withExamples(item, `${path}/${name}`));
    const body = value as Media;
    if (body.schema) return [[path, body.schema, examplesOf(body)], ...below];
    const own = [
      ...(Array.isArray(examples) ? (examples as unknown[]) : []),
      ...(example === undefined ? [] : [example]),
    ];
    return own.length ? [[path, value as Json, own], ...below] : below;
  }
  const bodyOf = ({ requestBody }: Operation): Media => requestBody?.content['application/json'] ?? {};

  test('are valid against their own schemas', () => {
    const faults = withExamples(document).flatMap(([path, schema, examples]) =>
      examples.flatMap((example) =>
        ajv.validate(schema, example) ? [] : [`${path}: ${ajv.errorsText()} in ${JSON.stringify(example)}`],
      ),
    );
    expect(faults).toEqual([]);
  });

  test('are there for every body in JSON that something is said in', () => {
    const without = operations.flatMap(([name, operation]) => {
      const body = bodyOf(operation);
      const silent = Object.keys((body.schema?.['properties'] as Json | undefined) ?? {}).length === 0;
      return silent || examplesOf(body).length ? [] : [name];
    });
    expect(without).toEqual([]);
  });

  const violationOf = async (machine: Caller): Promise<string> => {
    const body = { kind: 'sharedLogin', login: 'u-never-given', facts: 'Логин екі адамда.' };
    return (await machine.post('/api/access-violations', body)).json<{ number: string }>().number;
  };

  test('are accepted by the API itself, but for what they name', async () => {
    const officer = await site.as('iss.ala');
    const manager = await site.as('management.ala');
    const [ofAccess, ofSystems] = [await site.as('ib.admin'), await site.as('is.admin')];
    const machine = await site.machine();
    const isOf = (of: readonly { name: string }[], name: string): boolean =>
      of.some((command) => name.endsWith(`/{number}/${command.name}`));
    const file = async (url: string, body: unknown): Promise<{ number: string; accessCode: string }> =>
      (await site.anybody.post(url, body)).json();
    for (const [name, operation] of operations)
      for (const example of examplesOf(bodyOf(operation))) {
        const violated = name.includes('/access-violations/{number}');
        const asked = name.includes('/access-requests/{number}') || isOf(accessCommands, name);
        const reported = isOf(technicalCommands, name);
        // A case of its own: what one example changes would stand in the way of the next.
        const { number, accessCode } = asked
          ? await file('/api/access-requests', accessRequest('2026-01-30'))
          : reported
            ? await file('/api/technical-requests', technicalRequest())
            : { number: violated ? await violationOf(machine) : await site.file('SC-1018'), accessCode: '' };
        const path = name.replace('POST ', '').replace('{number}', number);
        const ofInspection = /\/(measures|void)$/.test(path) ? manager : officer;
        const ofUpkeep = name.includes('/upkeep-records');
        const ofOthers = reported || ofUpkeep ? ofSystems : ofInspection;
        const by = asked || name.includes('/access-violations') ? ofAccess : ofOthers;
        const response = await by.post(path, example, accessCode ? { 'x-access-code': accessCode } : {});
        const { errors = [] } = response.json<{ errors?: { code: string }[] }>();
        // An example's ids are nobody's, and its case is new; whatever else were wrong would be a fault of its shape.
        const others = errors.filter(
          ({ code }) => !/^(unknown-line|no-open-request|letter-not-failed|not-classified)$/.test(code),
        );
        expect([name, [200, 201, 422].includes(response.statusCode), others]).toEqual([name, true, []]);
      }
  });
});
