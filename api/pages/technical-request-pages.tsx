import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { InputProblem } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { Services } from '../../core/services.js';
import { signedIn } from '../access.js';
import { readForm } from '../cases/upload.js';
import { parseInput } from '../faults.js';
import { fileTechnicalRequest, registersTechnicalRequests } from '../technical-request/routes.js';
import { newTechnicalRequest } from '../technical-request/schemas.js';
import type { Refused } from './fields.js';
import { formOf, keyOf, mendableRefusal, mostFileBytes } from './forms.js';
import { technicalFieldOf, technicalFormField } from './labels.js';
import { Filed } from './public.js';
import type { Show } from './routes.js';
import { registeredRequestOf, technicalRequestOf } from './technical-forms.js';
import { TechnicalRequestForm } from './technical-request.js';

/** Where anybody writes of a failure or asks (R14), and where an operator enters what came by phone or mail, or was found (R12, R13). */
export async function technicalRequestPages(
  app: FastifyInstance,
  { services, show }: { services: Services; show: Show },
): Promise<void> {
  const { organisation, settings } = services;
  const hide = { schema: { hide: true } } as const;
  const limited = { ...hide, config: { rateLimit: { max: settings.web.intakePerMinute, timeWindow: '1 minute' } } };

  for (const operator of [false, true]) {
    const path = operator ? '/technical-requests/register' : '/technical-requests/new';
    const title = operator ? 'page.technical-register' : 'page.technical-request';
    const admit = (request: FastifyRequest): void => {
      if (operator && !registersTechnicalRequests(signedIn(request))) throw new InputProblem(403, 'forbidden');
    };
    const showForm = (request: FastifyRequest, reply: FastifyReply, key: string, refused?: Refused) =>
      show(request, reply, title, (context) => (
        <TechnicalRequestForm {...{ context, operator }} idempotencyKey={key} refused={refused ?? null} />
      ));
    app.get(path, hide, (request, reply) => {
      admit(request);
      return showForm(request, reply, newId());
    });
    app.post(path, limited, async (request, reply) => {
      admit(request);
      try {
        const file = await readForm(request, 'attachment', mostFileBytes(settings));
        const form = formOf(request);
        const sent = operator
          ? registeredRequestOf(form, file, organisation)
          : technicalRequestOf(form, file, request.language);
        const body = parseInput(newTechnicalRequest, sent);
        const registered = await fileTechnicalRequest(services, request, body, keyOf(request));
        return show(request, reply, 'page.filed', (context) => <Filed context={context} registered={registered} />);
      } catch (error) {
        const { status, refused } = mendableRefusal(request, error, technicalFormField, technicalFieldOf);
        return showForm(request, reply.status(status), keyOf(request), refused);
      }
    });
  }
  await Promise.resolve();
}
