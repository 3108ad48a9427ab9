import type { Multipart, MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { checkContent } from '../../core/content-type.js';
import type { Actor } from '../../core/database.js';
import type { DocumentRequest } from '../../core/documents.js';
import { InputProblem } from '../../core/errors.js';
import type { Services } from '../../core/services.js';
import { parseInput } from '../faults.js';

const yesNo = z.enum(['true', 'false', '']).transform((value) => (value === '' ? null : value === 'true'));

/** Fields of an upload that stand before the file. */
export const uploadFields = z.object({
  kind: z
    .string()
    .regex(/^[A-Za-z]{3,40}$/)
    .default('material')
    .describe('kind of document; that of the request where one is named'),
  lineId: z
    .string()
    .regex(/^[A-Za-z0-9]{0,40}$/)
    .default(''),
  requestId: z
    .string()
    .regex(/^[A-Za-z0-9]{0,40}$/)
    .default(''),
  sanctionsPresent: yesNo.default(null),
});

const longestSniff = 4100;

/**
 * Reads one document of a multipart body and adds it to a case. The file is checked by its content and stored before the transaction;
 * when anything is refused nothing of it remains.
 * @throws InputProblem 413, 415 or 422 naming the field.
 */
export async function receiveDocument(
  services: Services,
  request: FastifyRequest,
  to: {
    caseId: string;
    subjectId: string;
    by: Actor;
    /** Finds and checks the request that the fields name. */
    requestOf(fields: z.infer<typeof uploadFields>): Promise<DocumentRequest | null>;
  },
): Promise<string> {
  const { part, fields } = await readParts(request);
  const answered = await to.requestOf(fields);
  const { stream, head } = await peek(part.file, longestSniff);
  const name = part.filename || 'document';
  const contentType = await checkContent(part.mimetype, head, name);
  const maxBytes = services.settings.web.uploadMaxBytes;
  const file = await services.files.store({
    content: stream,
    subjectId: to.subjectId,
    caseId: to.caseId,
    contentType,
    name,
    maxBytes,
  });
  try {
    return await services.database.transaction(to.by, (tx) =>
      services.documents.add(tx, {
        caseId: to.caseId,
        subjectId: to.subjectId,
        kind: answered?.kind ?? fields.kind,
        lineId: answered?.lineId ?? fields.lineId,
        request: answered,
        file,
        name,
        sanctionsPresent: fields.sanctionsPresent,
        languages: services.organisation.languages,
      }),
    );
  } catch (error) {
    await services.files.discard(file.fileId);
    throw error;
  }
}

async function readParts(
  request: FastifyRequest,
): Promise<{ part: MultipartFile; fields: z.infer<typeof uploadFields> }> {
  if (!request.isMultipart()) throw new InputProblem(415, 'media-type', [{ field: 'content-type', code: 'multipart' }]);
  const values: Record<string, string> = {};
  for await (const part of request.parts() as AsyncIterableIterator<Multipart>) {
    if (part.type === 'file') return { part, fields: parseInput(uploadFields, values) };
    values[part.fieldname] = String(part.value);
  }
  throw new InputProblem(422, 'validation', [{ field: 'file', code: 'missing' }]);
}

/** The first bytes of a stream, and a stream that still has them. */
async function peek(
  source: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<{ head: Uint8Array; stream: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < bytes) {
    const { value, done } = await iterator.next();
    if (done) break;
    chunks.push(value);
    length += value.length;
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield* chunks;
    for (;;) {
      const { value, done } = await iterator.next();
      if (done) return;
      yield value;
    }
  }
  return { head: Buffer.concat(chunks), stream: whole() };
}
