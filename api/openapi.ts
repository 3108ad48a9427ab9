import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Settings } from '../config/index.js';
import { uploadBody } from './cases/upload.js';

/** A problem as RFC 9457 has it; `errors` names each wrong field and says what would be right, in the caller's language. */
export const problemView = z
  .object({
    type: z.string().describe('urn:merzim:problem:<name>; stable, whatever the language'),
    title: z.string(),
    status: z.number(),
    detail: z.string().optional(),
    instance: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), code: z.string(), detail: z.string() })).optional(),
  })
  .meta({
    examples: [
      {
        type: 'urn:merzim:problem:validation',
        title: 'Fields are wrong',
        status: 422,
        instance: '/api/inspections',
        detail: 'facts: is missing.',
        errors: [{ field: 'facts', code: 'missing', detail: 'is missing' }],
      },
    ],
  });

const meanings = {
  400: 'The body can not be read',
  401: 'Nobody is signed in, or the access token is not good',
  403: 'The caller may not do this',
  404: 'There is no such thing, or the caller may not know of it',
  409: 'It does not fit what is there: the case is closed, the key or the number of the sender was used with other content',
  413: 'The body, or the file, is too large',
  415: 'The media type is not accepted, or the file is not what its type says',
  422: 'Fields are wrong; each is named with what would be right',
  429: 'Too many requests',
  503: 'Nothing can be stored at the moment, or the act is off',
} as const;

type Status = keyof typeof meanings;

interface ProblemResponse {
  description: string;
  content: { 'application/problem+json': { schema: typeof problemView } };
}

/** The refusals of a route, for its schema. Those that every route may answer (429, 503) are added. */
export function problems<S extends Status>(...statuses: S[]): Record<S | 429 | 503, ProblemResponse> {
  const all = [...statuses, 429, 503] as (S | 429 | 503)[];
  return Object.fromEntries(
    all.map((status) => [
      status,
      { description: meanings[status], content: { 'application/problem+json': { schema: problemView } } },
    ]),
  ) as unknown as Record<S | 429 | 503, ProblemResponse>;
}

/** What a route asks of its caller, in the document: nothing, staff or a machine client, or the applicant's code. */
export const security: Record<'staff' | 'anybody' | 'staffOrApplicant', Record<string, string[]>[]> = {
  staff: [{ openId: [] }],
  anybody: [{}, { openId: [] }],
  staffOrApplicant: [{ openId: [] }, { accessCode: [] }],
};

/** How the document (OpenAPI 3.1) is made from the routes' schemas. */
export function openapi(settings: Pick<Settings, 'web' | 'oidc'>): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Merzim',
        version: '0.1.0',
        description: 'Statutory processes and their deadlines. Refusals are problems (RFC 9457) in kk, ru or en.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: settings.web.publicUrl }],
      tags: [
        { name: 'technical-request', description: 'Failures of information systems and questions (Order No. 419)' },
        { name: 'access-request', description: 'Requests for access to information systems (Order No. 419)' },
        { name: 'inspection', description: 'Inspections after a disclosure of personal data (Order No. 231/НҚ)' },
        { name: 'case', description: 'Cases of every process' },
        { name: 'people', description: 'Who holds which role' },
        { name: 'document', description: 'What the API says of itself' },
      ],
      components: {
        securitySchemes: {
          openId: {
            type: 'openIdConnect',
            description:
              'People by a session of the pages or an access token, machine clients by an access token (scope intake)',
            openIdConnectUrl: `${settings.oidc.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
          },
          accessCode: {
            type: 'apiKey',
            in: 'header',
            name: 'x-access-code',
            description: 'The code that the applicant got when the case was registered',
          },
        },
      },
    },
    transform: (route) => {
      const { schema, url } = jsonSchemaTransform(route);
      // The body of an upload is read part by part, not by a schema.
      const isUpload = (schema.consumes as string[] | undefined)?.includes('multipart/form-data');
      return { url, schema: isUpload ? { ...schema, body: uploadBody } : schema };
    },
  };
}
