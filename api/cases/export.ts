import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { inProject } from '../../config/index.js';
import type { ArchiveFile } from '../../core/evidence/archive.js';
import { SealerSilentError } from '../../core/evidence/sealer.js';
import { InputProblem } from '../../core/errors.js';
import { createHandledJobs } from '../../core/handled-jobs.js';
import type { Services } from '../../core/services.js';
import { SubjectErasedError } from '../../core/vault.js';
import { actorOf, openCase, signedIn } from '../access.js';
import { caseNumber } from './shapes.js';
import { problems, security } from '../openapi.js';
import { caseView, readCaseFile, type OpenFile } from './views.js';

/** The export of a case: everything that its reader may see, with the proof that it is whole. */
export const exportRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.get(
    '/api/cases/:number/export',
    {
      schema: {
        summary: 'A case as one archive, with its trail proved up to this moment',
        description:
          'Checked by `npm run verify-trail`, without database and network. The export is an entry of the trail itself.',
        tags: ['case'],
        security: security.staff,
        params: z.object({ number: caseNumber.describe('case number, e.g. INS-2026-000017') }),
        response: {
          200: { description: 'The archive', content: { 'application/zip': { schema: z.any() } } },
          ...problems(401, 404, 503),
        },
      },
    },
    (request, reply) => sendExport(services, request, reply, request.params.number),
  );
};

/**
 * Answers the export of a case to somebody who may have it, and records that he had it.
 * @throws InputProblem as {@link openCase}, and 503 when the sealer does not answer.
 */
export async function sendExport(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  number: string,
): Promise<FastifyReply> {
  const opened = await openCase(services, request, number, 'case.export');
  const { record, onBehalfOf } = opened;
  await services.database.transaction(actorOf(signedIn(request), onBehalfOf), (tx) =>
    services.trail.record(tx, { caseId: record._id, type: 'case.exported' }),
  );
  const file = await readCaseFile(services, opened);
  const archive = services.evidence.exportCase({
    caseId: record._id,
    number: record.number,
    files: filesOf(services, file),
  });
  // The first part comes only when the sealer has answered: until then a problem can still be told.
  const first = await archive.next().catch((error: unknown) => {
    throw error instanceof SealerSilentError ? new InputProblem(503, 'sealer-silent') : error;
  });
  return reply
    .type('application/zip')
    .header('content-disposition', `attachment; filename="${record.number}.zip"`)
    .header('cache-control', 'no-store')
    .send(Readable.from(resumed(first, archive), { objectMode: false }));
}

async function* resumed(
  first: IteratorResult<Uint8Array>,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (!first.done) yield first.value;
  yield* rest;
}

async function* filesOf(services: Services, file: OpenFile): AsyncGenerator<ArchiveFile> {
  yield json('case.json', caseView(file));
  yield json('clocks.json', file.clocks);
  const documents = file.documents.map((document) => ({
    path: `documents/${document._id}${extensionOf(document.contentType)}`,
    fileId: document.fileId,
  }));
  const letters = file.letters.flatMap((letter) =>
    letter.pdfFileId ? [{ path: `letters/${letter.number}.pdf`, fileId: letter.pdfFileId }] : [],
  );
  const parts = file.extracts.flatMap((extract) =>
    extract.parts.map((part) => ({ path: `extracts/${extract._id}/part-${part.number}`, fileId: part.fileId })),
  );
  for (const stored of [...documents, ...letters, ...parts]) yield await storedFile(services, stored);
  yield json('diagram/path.json', await pathOf(services, file.opened.record._id));
  for (const folder of [file.opened.record.process, 'shared'])
    for (const name of await readdir(inProject('bpmn', folder)))
      if (name.endsWith('.bpmn'))
        yield { path: `diagram/${name}`, content: [await readFile(inProject('bpmn', folder, name))] };
}

/** Where its key was erased, a note stands in the file's place. */
async function storedFile(services: Services, { path: name, fileId }: { path: string; fileId: string }) {
  try {
    return { path: name, content: (await services.files.open(fileId)).stream };
  } catch (error) {
    if (!(error instanceof SubjectErasedError)) throw error;
    return { path: `${name}.erased.txt`, content: [Buffer.from('Erased with the key of the person it was about.\n')] };
  }
}

/** The steps that the engine handed out for the case, in order, by the ids of the elements in the diagrams. */
async function pathOf(services: Services, caseId: string) {
  const jobs = await createHandledJobs({ database: services.database }).ofCase(caseId);
  return jobs.map(({ jobType, place, handledAt, outcome }) => ({
    process: place?.processId ?? null,
    element: place?.elementId ?? null,
    jobType,
    outcome: outcome.kind === 'error' ? outcome.code : 'completed',
    at: handledAt.toISOString(),
  }));
}

function json(name: string, value: unknown): ArchiveFile {
  return { path: name, content: [Buffer.from(`${JSON.stringify(value, null, 2)}\n`, 'utf8')] };
}

const extensions: Record<string, string> = {
  'application/pdf': '.pdf',
  'image/png': '.png',
  'image/jpeg': '.jpg',
  'text/plain': '.txt',
  'text/csv': '.csv',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': '.docx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': '.xlsx',
};

function extensionOf(contentType: string): string {
  return extensions[contentType] ?? path.extname(contentType);
}
