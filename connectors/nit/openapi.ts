import { z } from 'zod';
import {
  exportCreated,
  exportRequest,
  exportsFound,
  exportStatus,
  extractRow,
  problem,
  tokenAnswer,
} from './contract.js';

const schemas = {
  ExportRequest: exportRequest,
  ExportCreated: exportCreated,
  ExportsFound: exportsFound,
  ExportStatus: exportStatus,
  ExtractRow: extractRow,
  Problem: problem,
  Token: tokenAnswer,
};

type Name = keyof typeof schemas;

/** The protocol as an OpenAPI 3.1 document, for whoever builds the other side. openapi.json is this, and a test holds it so. */
export function openApi() {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Export of operations for an inspection',
      version: '1',
      description:
        'Asks JSC "National Information Technologies" for an extract (item R6 of the inspection rules): only for the facts, ' +
        'the system and the period of the request. An export is prepared in the background, then fetched in hashed parts of any size.',
    },
    servers: [{ url: 'https://exports.nit.example' }],
    security: [{ client: [] }],
    paths: {
      '/oauth2/token': {
        post: {
          summary: 'Sign in: client credentials (RFC 6749, 4.4) with HTTP Basic',
          security: [],
          requestBody: {
            required: true,
            content: {
              'application/x-www-form-urlencoded': {
                schema: {
                  type: 'object',
                  required: ['grant_type'],
                  properties: { grant_type: { const: 'client_credentials' } },
                },
              },
            },
          },
          responses: { 200: json('Token', 'An access token'), 401: { description: 'Unknown client or wrong secret' } },
        },
      },
      '/v1/exports': {
        post: {
          summary: 'Ask for an export. A repeated idempotencyKey is answered with the same export',
          requestBody: { required: true, content: { 'application/json': { schema: ref('ExportRequest') } } },
          responses: {
            202: json('ExportCreated', 'The export is being prepared'),
            400: refused('The request is wrong'),
            403: refused('Code export-refused: NIT refuses the export'),
            409: refused('The key was used with another request'),
            ...later,
          },
        },
        get: {
          summary: 'Look for an export by its key',
          parameters: [{ name: 'idempotencyKey', in: 'query', required: true, schema: { type: 'string' } }],
          responses: { 200: json('ExportsFound', 'One export, or none'), ...later },
        },
      },
      '/v1/exports/{exportId}': {
        get: {
          summary: 'Where an export stands; with its manifest once it is ready',
          parameters: [exportIdParameter],
          responses: {
            200: json('ExportStatus', 'Its state'),
            404: refused('There is no such export, or no longer'),
            ...later,
          },
        },
      },
      '/v1/exports/{exportId}/parts/{number}': {
        get: {
          summary: 'One part: a row in each line, each ended by a line feed. May be gzipped (Content-Encoding)',
          description: 'The hash and the length of the manifest are those of the text before any content encoding.',
          parameters: [
            exportIdParameter,
            { name: 'number', in: 'path', required: true, schema: { type: 'integer', minimum: 1 } },
          ],
          responses: {
            200: {
              description: 'Rows in the order of the export',
              // The schema of each line: OpenAPI 3.1 has no word for a sequence.
              content: { 'application/x-ndjson': { schema: ref('ExtractRow') } },
            },
            404: refused('There is no such part'),
            ...later,
          },
        },
      },
    },
    components: {
      securitySchemes: {
        client: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: '/oauth2/token', scopes: {} } } },
      },
      schemas: Object.fromEntries(
        Object.entries(schemas).map(([name, schema]) => {
          const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' });
          return [name, json];
        }),
      ),
    },
  };
}

const exportIdParameter = { name: 'exportId', in: 'path', required: true, schema: { type: 'string' } };

const later = {
  401: { description: 'The token is unknown or has expired: sign in again' },
  429: {
    description: 'Too many requests: come back after Retry-After',
    headers: { 'Retry-After': { schema: { type: 'string' } } },
  },
  '5XX': { description: 'A fault that may pass; Retry-After is honoured' },
};

function ref(name: Name) {
  return { $ref: `#/components/schemas/${name}` };
}

function json(name: Name, description: string) {
  return { description, content: { 'application/json': { schema: ref(name) } } };
}

function refused(description: string) {
  return { description, content: { 'application/problem+json': { schema: ref('Problem') } } };
}
