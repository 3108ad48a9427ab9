import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { VNode } from 'preact';
import type { CaseDocument } from '../../core/documents.js';
import { InputProblem } from '../../core/errors.js';
import type { Services } from '../../core/services.js';
import { openCase } from '../access.js';
import { contentPolicy } from '../content-policy.js';
import { caseNumber } from '../cases/shapes.js';
import type { PageContext } from './layout.js';
import type { Show } from './routes.js';

type Preview = 'image' | 'text' | 'pdf';

/** How a document can be looked at on a page; null where it has to be downloaded. */
export function previewOf({ contentType }: Pick<CaseDocument, 'contentType'>): Preview | null {
  if (contentType === 'application/pdf') return 'pdf';
  if (/^image\/(png|jpeg)$/.test(contentType)) return 'image';
  return /^text\/(plain|csv)$/.test(contentType) ? 'text' : null;
}

/** So much of a text is shown, in bytes. */
const shownBytes = 100_000;

/** A document on a page of its own, and a PDF as that page frames it. What was uploaded runs no script: the policy allows none. */
export const previewRoutes = fp<{ services: Services; show: Show }>(
  async (app: FastifyInstance, { services, show }) => {
    const { settings } = services;
    const find = async (request: FastifyRequest): Promise<CaseDocument & { number: string }> => {
      const { number, documentId } = request.params as { number: string; documentId: string };
      if (!caseNumber.safeParse(number).success) throw new InputProblem(404, 'not-found');
      const { record } = await openCase(services, request, number, 'document.read');
      const document = await services.documents.document(documentId);
      if (document?.caseId !== record._id) throw new InputProblem(404, 'not-found');
      return { ...document, number };
    };
    const schema = { hide: true } as const;

    const framing = { schema, helmet: { contentSecurityPolicy: contentPolicy(settings, { frames: true }) } };
    app.get('/cases/:number/documents/:documentId', framing, async (request, reply) => {
      const document = await services.vault.reveal(await find(request));
      const shown = previewOf(document) === 'text' ? await beginningOf(services, document) : null;
      return show(request, reply, 'page.document', (context) => <Shown {...{ context, document }} text={shown} />, {
        number: document.number,
      });
    });

    const framed = {
      schema,
      helmet: {
        contentSecurityPolicy: contentPolicy(settings, { framed: true }),
        xFrameOptions: { action: 'sameorigin' as const },
      },
    };
    app.get('/cases/:number/documents/:documentId/content', framed, async (request, reply) => {
      const document = await find(request);
      if (previewOf(document) !== 'pdf') throw new InputProblem(404, 'not-found');
      const { stream, bytes, contentType } = await services.files.open(document.fileId);
      return reply
        .type(contentType)
        .header('content-length', bytes)
        .header('content-disposition', 'inline')
        .header('cache-control', 'no-store')
        .send(stream);
    });
  },
);

async function beginningOf(services: Services, { fileId }: CaseDocument): Promise<string> {
  const { stream } = await services.files.open(fileId);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length >= shownBytes) break;
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, shownBytes));
}

function Shown({
  context: { text },
  document,
  text: beginning,
}: {
  context: PageContext;
  document: CaseDocument & { number: string };
  text: string | null;
}): VNode {
  const { number, _id, name, bytes } = document;
  const download = `/api/cases/${number}/documents/${_id}`;
  const kind = previewOf(document);
  return (
    <>
      <p>
        <a href={`/cases/${number}#documents`}>{text.say('page.case', { number })}</a> · <a href={download}>{name}</a>
      </p>
      {kind === null && <p class="empty card">{text.say('document.no-preview')}</p>}
      {kind === 'image' && <img class="preview" src={download} alt={name} />}
      {kind === 'pdf' && <iframe class="preview" src={`/cases/${number}/documents/${_id}/content`} title={name} />}
      {beginning !== null && (
        <pre class="preview text" tabIndex={0} role="region" aria-label={name}>
          {beginning}
        </pre>
      )}
      {beginning !== null && bytes > shownBytes && <p class="notice">{text.say('document.preview-cut')}</p>}
    </>
  );
}
