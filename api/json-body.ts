import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { parse as parseLossless } from 'lossless-json';
import { InputProblem } from '../core/errors.js';

const accepted = 'application/json';

/**
 * Bodies of the API as RFC 8259 and RFC 7493 want them: JSON in UTF-8, in which a name stands once in each object. JSON.parse alone would take bytes
 * that are no text as question marks, and the last of two values.
 */
export const strictJson = fp(async (app: FastifyInstance) => {
  const parseDefault = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(accepted);
  app.addContentTypeParser(accepted, { parseAs: 'buffer' }, (request, body, done) => {
    try {
      const text = textOf(request, body as Buffer);
      mustNameOnce(text);
      void parseDefault(request, text, done);
    } catch (error) {
      done(error as Error);
    }
  });
  // The parser of forms is for pages.
  app.addHook('preParsing', async (request) => {
    const isForm = /^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '');
    if (isForm && (request.routeOptions.url ?? '').startsWith('/api/')) throw notAccepted();
  });
});

function textOf(request: FastifyRequest, body: Buffer): string {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (charset && !/^utf-?8$/i.test(charset)) throw notAccepted();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw malformed('body', 'json');
  }
}

/** What is no JSON at all is left to the parser that follows; what is nested beyond all measure is refused here. */
function mustNameOnce(text: string): void {
  try {
    parseLossless(text, null, {
      onDuplicateKey: ({ key }) => {
        throw malformed(key.slice(0, 100) || 'body', 'twice');
      },
    });
  } catch (error) {
    if (error instanceof InputProblem) throw error;
    if (error instanceof RangeError) throw malformed('body', 'json');
  }
}

function malformed(field: string, code: string): InputProblem {
  return new InputProblem(400, 'malformed', [{ field, code }]);
}

function notAccepted(): InputProblem {
  return new InputProblem(415, 'media-type', [{ field: 'content-type', code: 'media-type', params: { accepted } }]);
}
