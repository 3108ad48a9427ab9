import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { VNode } from 'preact';
import { InputProblem } from '../../core/errors.js';
import { noticeChoices, type NoticeChoice } from '../../core/notice-choices.js';
import type { Services } from '../../core/services.js';
import { signedIn } from '../access.js';
import { formOf } from './forms.js';
import { Csrf, contextOf, page, type PageContext } from './layout.js';

/** The page on which everybody chooses what mail about tasks and terms he gets (`/notices`). */
export const noticePages = fp<{ services: Services }>(async (app: FastifyInstance, { services }) => {
  const { settings, organisation, noticeChoices: choices } = services;
  const { tasklistUrl, operateUrl, publicUrl } = settings.web;
  const places = { links: { tasklist: tasklistUrl, operate: operateUrl }, publicUrl };

  const show = (request: FastifyRequest, reply: FastifyReply, choice: NoticeChoice | null, saved = false) => {
    const context = contextOf(request, organisation, places);
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(page(context, request.text.say('page.notices'), <Notices {...{ context, choice, saved }} />));
  };
  const hide = { schema: { hide: true } } as const;
  app.get('/notices', hide, async (request, reply) => {
    const { employeeId, unitId } = signedIn(request);
    return show(request, reply, employeeId !== null && unitId !== null ? await choices.of(employeeId) : null);
  });
  app.post('/notices', hide, async (request, reply) => {
    const { employeeId, unitId } = signedIn(request);
    const asked = formOf(request)['choice'];
    const choice = noticeChoices.find((each) => each === asked);
    if (!choice) throw new InputProblem(422, 'validation', [{ field: 'choice', code: 'missing' }]);
    if (employeeId === null || unitId === null) return show(request, reply, null);
    await choices.choose(employeeId, choice);
    return show(request, reply, choice, true);
  });
});

/** `choice` is null for who has no address in the directory. */
function Notices({
  context,
  choice,
  saved,
}: {
  context: PageContext;
  choice: NoticeChoice | null;
  saved: boolean;
}): VNode {
  const { text } = context;
  return (
    <>
      <p class="lead">{text.say('notices.lead')}</p>
      {choice === null ? (
        <p class="empty card">{text.say('notices.no-address')}</p>
      ) : (
        <form method="post" action="/notices" class="card stack">
          <Csrf context={context} />
          {saved && (
            <p class="notice" role="status">
              {text.say('notices.saved')}
            </p>
          )}
          <fieldset>
            <legend>{text.say('notices.question')}</legend>
            {noticeChoices.map((each) => (
              <label>
                <input type="radio" name="choice" value={each} checked={each === choice} />{' '}
                {text.say(`notices.${each}`)}
              </label>
            ))}
          </fieldset>
          <p class="hint">{text.say('notices.warnings')}</p>
          <button type="submit">{text.say('notices.save')}</button>
        </form>
      )}
    </>
  );
}
