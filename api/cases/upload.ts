import type { Multipart, MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { checkContent, sniffBytes } from '../../core/content-type.js';
import type { Actor } from '../../core/database.js';
import type { DocumentRequest } from '../../core/documents.js';
import { InputProblem } from '../../core/errors.js';
import { basisCopy } from '../../core/access-request/model.js';
import { additionalInformation, lineDocumentKinds } from '../../core/inspection/model.js';
import type { Services } from '../../core/services.js';
import { parseInput } from '../faults.js';

const material = 'material';
const yesNo = z.enum(['true', 'false', '']).transform((value) => (value === '' ? null : value === 'true'));
const id = z.string().regex(/^[A-Za-z0-9]{0,40}$/, { error: 'id' });

/** Fields of an upload; they stand before the file. */
export const uploadFields = z.strictObject({
  kind: z
    .enum([material, ...lineDocumentKinds, additionalInformation, basisCopy])
    .default(material)
    .describe('kind of document; that of the request where one is named'),
  lineId: id.default('').describe('the employee under inspection whom it is about, where no request is named'),
  requestId: id.default('').describe('the open request that it answers'),
  sanctionsPresent: yesNo
    .default(null)
    .describe('hrSanctionsCertificate only, there required: whether it states disciplinary sanctions (R5)'),
});

/** The body of an upload, for the API's document. */
export const uploadBody = (() => {
  const { properties, additionalProperties } = z.toJSONSchema(uploadFields, { io: 'input' });
  const file = {
    type: 'string',
    contentMediaType: 'application/octet-stream',
    description: 'the document, as the last part',
  };
  return { type: 'object', properties: { ...properties, file }, required: ['file'], additionalProperties };
})();

/** Where a document goes, who brings it, and what is to be held against it. */
export interface Destination {
  caseId: string;
  subjectId: string;
  by: Actor;
  /** Finds and checks what the fields name. @throws InputProblem */
  check(fields: z.infer<typeof uploadFields>): Promise<DocumentRequest | null>;
  /** What to answer when the case has ended meanwhile. */
  ended(): InputProblem;
}

/**
 * Reads one document of a multipart body and adds it to a case. The file is checked by its content and stored before the transaction;
 * when anything is refused nothing of it remains.
 * @throws InputProblem 400, 409, 413, 415 or 422 naming the field.
 */
export function receiveDocument(services: Services, request: FastifyRequest, to: Destination): Promise<string> {
  return reading(request, () => receive(services, request, to));
}

/** A file that came with a form, whole. */
export interface FormFile {
  name: string;
  contentType: string;
  content: Buffer;
}

/** How many fields a form may have that lists users: ten to twenty of each. */
const mostFields = 900;

/**
 * Reads a form whose file is small enough to be held. Its fields stand in the request's body then; null where no file was chosen.
 * @throws InputProblem 400, 413, 415 or 422 naming the field.
 */
export function readForm(request: FastifyRequest, fileField: string, maxBytes: number): Promise<FormFile | null> {
  return reading(request, async () => {
    const parts = partsOf(request, mostFields);
    const values = new Map<string, string[]>();
    let file: FormFile | null = null;
    for (let part = await nextPart(parts); part; part = await nextPart(parts)) {
      if (part.type === 'file') {
        if (part.fieldname !== fileField) throw refusal(part.fieldname, 'unknown-field');
        file = await held(part, maxBytes);
        continue;
      }
      values.set(part.fieldname, [...(values.get(part.fieldname) ?? []), String(part.value)]);
      request.body = Object.fromEntries([...values].map(([name, all]) => [name, all.length === 1 ? all[0] : all]));
    }
    return file;
  });
}

async function held(part: MultipartFile, maxBytes: number): Promise<FormFile | null> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of bytesOf(part)) {
    bytes += piece.length;
    if (bytes > maxBytes)
      throw new InputProblem(413, 'too-large', [{ field: 'file', code: 'too-large', params: { maxBytes } }]);
    pieces.push(piece);
  }
  if (bytes === 0 && !part.filename) return null;
  return { name: nameOf(part), contentType: part.mimetype, content: Buffer.concat(pieces) };
}

async function reading<T>(request: FastifyRequest, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    // What is left of a refused body is let pass by: a connection that waits to be read would never close.
    request.raw.unpipe();
    request.raw.resume();
    throw error;
  }
}

async function receive(services: Services, request: FastifyRequest, to: Destination): Promise<string> {
  const parts = partsOf(request);
  const { part, fields } = await readFields(parts, request);
  const answered = await to.check(fields);
  const kind = answered?.kind ?? fields.kind;
  const sanctionsPresent = kind === 'hrSanctionsCertificate' ? fields.sanctionsPresent : null;
  if (kind === 'hrSanctionsCertificate' && sanctionsPresent === null) throw refusal('sanctionsPresent', 'missing');
  const { stream, head } = await peek(bytesOf(part), sniffBytes);
  const name = nameOf(part);
  const contentType = await checkContent(part.mimetype, head, name);
  const file = await services.files.store({
    content: stream,
    subjectId: to.subjectId,
    caseId: to.caseId,
    contentType,
    name,
    maxBytes: services.settings.web.uploadMaxBytes,
  });
  try {
    await mustBeLast(parts);
    return await services.database.transaction(to.by, async (tx) => {
      const record = await services.cases.find(to.caseId, tx);
      if (record?.state !== 'open') throw to.ended();
      return services.documents.add(tx, {
        caseId: to.caseId,
        subjectId: to.subjectId,
        kind,
        lineId: answered?.lineId ?? fields.lineId,
        request: answered,
        file,
        name,
        sanctionsPresent,
        languages: services.organisation.languages,
      });
    });
  } catch (error) {
    await services.files.discard(file.fileId);
    throw error;
  }
}

function refusal(field: string, code: string): InputProblem {
  return new InputProblem(422, 'validation', [{ field, code }]);
}

/** What the parser says of a body that is no whole multipart body, or has too much in it. */
function bodyProblem(error: unknown): unknown {
  if (error instanceof InputProblem) return error;
  const code = (error as { code?: string }).code ?? '';
  if (code === 'FST_FILES_LIMIT') return refusal('file', 'one-file');
  if (/_LIMIT$/.test(code)) return refusal('body', 'too-many-fields');
  return new InputProblem(400, 'malformed', [{ field: 'body', code: 'multipart' }]);
}

function partsOf(request: FastifyRequest, fields?: number): AsyncIterator<Multipart> {
  if (!request.isMultipart()) throw new InputProblem(415, 'media-type', [{ field: 'content-type', code: 'multipart' }]);
  return request
    .parts(fields === undefined ? {} : { limits: { fields } })
    [Symbol.asyncIterator]() as AsyncIterator<Multipart>;
}

async function nextPart(parts: AsyncIterator<Multipart>): Promise<Multipart | null> {
  try {
    const { value, done } = (await parts.next()) as IteratorResult<Multipart, undefined>;
    return done ? null : value;
  } catch (error) {
    throw bodyProblem(error);
  }
}

/** Reads the fields before the file; what came of them stands in the request's body, for a form that is shown again. */
async function readFields(
  parts: AsyncIterator<Multipart>,
  request: FastifyRequest,
): Promise<{ part: MultipartFile; fields: z.infer<typeof uploadFields> }> {
  const values = new Map<string, string>();
  for (let part = await nextPart(parts); part; part = await nextPart(parts)) {
    if (part.type === 'file') {
      if (part.fieldname !== 'file') throw refusal(part.fieldname, 'unknown-field');
      // The token of a page's form: whoever checks it has done so.
      values.delete('_csrf');
      return { part, fields: parseInput(uploadFields, Object.fromEntries(values)) };
    }
    if (values.has(part.fieldname)) throw refusal(part.fieldname, 'twice');
    values.set(part.fieldname, String(part.value));
    request.body = Object.fromEntries(values);
  }
  throw refusal('file', 'missing');
}

async function mustBeLast(parts: AsyncIterator<Multipart>): Promise<void> {
  const part = await nextPart(parts);
  if (part) throw refusal(part.fieldname, part.type === 'file' ? 'one-file' : 'after-file');
}

/** The bytes of a file; a body that breaks off is the caller's fault, not ours. */
async function* bytesOf(part: MultipartFile): AsyncGenerator<Uint8Array> {
  try {
    yield* part.file as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw bodyProblem(error);
  }
}

/** The name as the sender's system had it, without what no name needs. */
function nameOf(part: MultipartFile): string {
  const name = (part.filename ?? '').replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '').trim();
  if (name.length <= 200) return name || 'document';
  const ending = /\.[^.]{1,10}$/.exec(name)?.[0] ?? '';
  return wellFormed(name.slice(0, 200 - ending.length)) + ending;
}

/** Without half a character, which no header can carry. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
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
    const { value, done } = (await iterator.next()) as IteratorResult<Uint8Array, undefined>;
    if (done) break;
    chunks.push(value);
    length += value.length;
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield* chunks;
    for (;;) {
      const { value, done } = (await iterator.next()) as IteratorResult<Uint8Array, undefined>;
      if (done) return;
      yield value;
    }
  }
  return { head: Buffer.concat(chunks), stream: whole() };
}
