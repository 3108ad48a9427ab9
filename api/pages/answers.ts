import type { FastifyRequest } from 'fastify';
import type { Actor } from '../../core/database.js';
import type { DocumentRequest } from '../../core/documents.js';
import { InputProblem } from '../../core/errors.js';
import type { Person } from '../../core/people.js';
import { contextOfCase, openedCase } from '../../core/reading.js';
import { may } from '../../core/rights.js';
import type { Services } from '../../core/services.js';
import { actorOf, signedIn } from '../access.js';
import { receiveDocument } from '../cases/upload.js';

/** How those who were asked for a document see the request and answer it: signed in, or by the one-time link of the letter. */

const used = (): InputProblem => new InputProblem(404, 'link-used');
const none = (): InputProblem => new InputProblem(404, 'not-found');

/** The open requests of somebody, readable; those of cases that have ended are none any more. */
export async function requestsOf(services: Services, person: Person): Promise<DocumentRequest[]> {
  const { employeeId } = person;
  if (employeeId === null) return [];
  const asked = await services.documents.openOfAddressee(employeeId);
  const open = await Promise.all(asked.map(({ caseId }) => isOpen(services, caseId)));
  return services.vault.reveal(asked.filter((_request, index) => open[index]));
}

/** Takes the document of a request that the caller was asked. Somebody else's request and none at all look the same. */
export async function answerRequest(services: Services, request: FastifyRequest, requestId: string): Promise<void> {
  const person = signedIn(request);
  const asked = await services.documents.find(requestId);
  const record = asked && (await services.cases.find(asked.caseId));
  const opened = record && (await openedCase(services, record));
  if (asked?.state !== 'requested' || !opened) throw none();
  const context = { ...(await contextOfCase(services, opened)), addressee: asked.addresseeId };
  if (!may(person, 'request.answer', context).allowed) throw none();
  await receive(services, request, asked, actorOf(person), none);
}

/** The open request of a one-time link. @throws InputProblem 404 when the link was used, replaced by a newer one, or never given. */
export async function requestOfLink(services: Services, token: string): Promise<DocumentRequest> {
  const asked = await services.documents.byUploadToken(token);
  if (asked?.state !== 'requested' || !(await isOpen(services, asked.caseId))) throw used();
  return services.vault.reveal(asked);
}

/** Takes the document that was sent with a one-time link: from whoever had it, which the trail says. */
export async function answerLink(services: Services, request: FastifyRequest, token: string): Promise<void> {
  const asked = await requestOfLink(services, token);
  await receive(services, request, asked, { kind: 'person', id: `link:${asked.addresseeId}` }, used);
}

async function receive(
  services: Services,
  request: FastifyRequest,
  asked: DocumentRequest,
  by: Actor,
  gone: () => InputProblem,
): Promise<void> {
  const record = await services.cases.find(asked.caseId);
  if (!record) throw gone();
  await receiveDocument(services, request, {
    caseId: record._id,
    subjectId: record.subjectId,
    by,
    check: async () => {
      const now = await services.documents.find(asked._id);
      if (now?.state !== 'requested') throw gone();
      return now;
    },
    ended: gone,
  });
}

async function isOpen(services: Services, caseId: string): Promise<boolean> {
  return (await services.cases.find(caseId))?.state === 'open';
}
