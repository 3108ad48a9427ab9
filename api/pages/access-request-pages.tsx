import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { InputProblem } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { OpenAccessRequest } from '../../core/reading.js';
import type { Services } from '../../core/services.js';
import { completionWithCopy } from '../access-request/completion.js';
import { completeByCode, fileAccessRequest, requestOfCode, withdrawByCode } from '../access-request/routes.js';
import { newAccessRequest } from '../access-request/schemas.js';
import { readForm } from '../cases/upload.js';
import { parseInput } from '../faults.js';
import { triesPerMinute } from '../limits.js';
import { accessRequestOf, completionFields, completionOf, mostRows, rowsOf } from './access-forms.js';
import { AccessRequestForm, CompletionForm } from './access-request.js';
import type { Refused } from './fields.js';
import { copyOf, formOf, keyOf, mendableRefusal, mostFileBytes, typedIn } from './forms.js';
import { requestFieldOf, requestFormField } from './labels.js';
import { Filed, NumberAndCode } from './public.js';
import type { PageContext } from './layout.js';
import type { Show } from './routes.js';

const withdrawal = { action: '/access-requests/withdrawal', example: 'ACC-2026-000017' };
const completion = { action: '/access-requests/completion', example: 'ACC-2026-000017' };

/** Where organisations ask for access of their employees, complete what was sent back to them, and withdraw what is not answered yet. */
export async function accessRequestPages(
  app: FastifyInstance,
  { services, show }: { services: Services; show: Show },
): Promise<void> {
  const { web } = services.settings;
  const maxBytes = mostFileBytes(services.settings);
  const hide = { schema: { hide: true } } as const;
  const limited = (max: number) => ({ ...hide, config: { rateLimit: { max, timeWindow: '1 minute' } } });
  const refusal = (request: FastifyRequest, error: unknown) =>
    mendableRefusal(request, error, requestFormField, requestFieldOf);

  const showForm = (
    request: FastifyRequest,
    reply: FastifyReply,
    form: { rows: number; idempotencyKey: string; refused?: Refused },
  ) => show(request, reply, 'page.access-request', (context) => <AccessRequestForm context={context} {...form} />);
  app.get('/access-requests/new', hide, (request, reply) =>
    showForm(request, reply, { rows: 1, idempotencyKey: newId() }),
  );
  app.post('/access-requests/new/rows', hide, (request, reply) => {
    const form = formOf(request);
    const rows = Math.min(rowsOf(form) + 1, mostRows);
    const typed = { title: '', ...typedIn(request), faults: [] };
    return showForm(request, reply, { rows, idempotencyKey: keyOf(request), refused: typed });
  });
  app.post('/access-requests/new', limited(web.intakePerMinute), async (request, reply) => {
    try {
      const copy = await readForm(request, 'copy', maxBytes);
      const body = parseInput(newAccessRequest, accessRequestOf(formOf(request), copy, request.language));
      const registered = await fileAccessRequest(services, request, body, keyOf(request));
      return show(request, reply, 'page.filed', (context) => <Filed context={context} registered={registered} />);
    } catch (error) {
      const { status, refused } = refusal(request, error);
      const rows = rowsOf(formOf(request));
      return showForm(request, reply.status(status), { rows, idempotencyKey: keyOf(request), refused });
    }
  });

  app.get('/access-requests/completion', hide, (request, reply) =>
    show(request, reply, 'page.completion', (context) => <NumberAndCode context={context} {...completion} />),
  );
  // The first form of the page brings number and code; the second, which has a file, what was missing.
  app.post('/access-requests/completion', limited(triesPerMinute), async (request, reply) => {
    const copy = request.isMultipart() ? await readForm(request, 'copy', maxBytes) : null;
    const form = formOf(request);
    const number = wordOf(form['number']).toUpperCase();
    const code = wordOf(form['code']);
    let opened: OpenAccessRequest;
    try {
      opened = await requestOfCode(services, number, code);
    } catch (error) {
      if (!(error instanceof InputProblem) || error.status !== 404) throw error;
      return show(request, reply.status(404), 'page.completion', (context) => (
        <NumberAndCode context={context} {...completion} number={number} />
      ));
    }
    const { accessRequest } = opened;
    const asked = { number, code, missing: completionFields(accessRequest) };
    if (!request.isMultipart())
      return show(request, reply, 'page.completion', (context) => <CompletionForm context={context} {...asked} />);
    try {
      const sent = { ...completionOf(form, accessRequest), copy: copyOf(copy) };
      const { copy: file, ...body } = parseInput(completionWithCopy, sent);
      await completeByCode(services, number, code, body, file);
      return show(request, reply, 'page.completion-done', ({ text }) => (
        <p class="lead">{text.say('completion.done')}</p>
      ));
    } catch (error) {
      const { status, refused } = refusal(request, error);
      return show(request, reply.status(status), 'page.completion', (context) => (
        <CompletionForm context={context} {...asked} refused={refused} />
      ));
    }
  });

  const withdrawalForm = (number?: string) => (context: PageContext) => (
    <>
      <p class="lead">{context.text.say('withdrawal.lead')}</p>
      <NumberAndCode {...{ context, ...withdrawal, number }} button={context.text.say('withdrawal.send')} />
    </>
  );
  app.get('/access-requests/withdrawal', hide, (request, reply) =>
    show(request, reply, 'page.withdrawal', withdrawalForm()),
  );
  app.post('/access-requests/withdrawal', limited(triesPerMinute), async (request, reply) => {
    const { number: given, code } = formOf(request);
    const number = wordOf(given).toUpperCase();
    try {
      await withdrawByCode(services, number, wordOf(code));
    } catch (error) {
      if (!(error instanceof InputProblem) || error.status !== 404) throw error;
      return show(request, reply.status(404), 'page.withdrawal', withdrawalForm(number));
    }
    return show(request, reply, 'page.withdrawal-done', ({ text }) => (
      <p class="lead">{text.say('withdrawal.done', { number })}</p>
    ));
  });
  await Promise.resolve();
}

function wordOf(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value.trim() : '';
}
