import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { VNode } from 'preact';
import type { Services } from '../../core/services.js';
import { Csrf, Moment, contextOf, page, type PageContext } from './layout.js';

/**
 * The page behind a one-time link (R22, AMB-ACC-08). To open it shows a button and burns nothing, since scanners of mails open every link;
 * the button shows the password, to whoever presses it first, and says that its user knows the rules (R31, ACC-51). Where the password went by mail it says that alone.
 */
export const passwordPages = fp<{ services: Services }>(async (app: FastifyInstance, { services }) => {
  const { settings, organisation, passwordLinks } = services;
  const { tasklistUrl, operateUrl, publicUrl } = settings.web;
  const places = { links: { tasklist: tasklistUrl, operate: operateUrl }, publicUrl };
  const show = (request: FastifyRequest, reply: FastifyReply, content: (context: PageContext) => VNode) => {
    const context = contextOf(request, organisation, places);
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('x-robots-tag', 'noindex')
      .send(page(context, request.text.say('page.password'), content(context)));
  };
  const gone = (request: FastifyRequest, reply: FastifyReply) =>
    show(request, reply.status(404), ({ text }) => <p class="empty card">{text.say('password.gone')}</p>);

  const hide = { schema: { hide: true } } as const;
  type Route = { Params: { token: string } };
  app.get<Route>('/password/:token', hide, async (request, reply) => {
    const link = await passwordLinks.look(request.params.token);
    if (link?.state !== 'ready') return gone(request, reply);
    const action = `/password/${encodeURIComponent(request.params.token)}`;
    return show(request, reply, (context) => <Closed {...{ context, action, link }} />);
  });
  app.post<Route>('/password/:token', hide, async (request, reply) => {
    const revealed = await passwordLinks.reveal(request.params.token);
    if (!revealed) return gone(request, reply);
    return show(request, reply, (context) => <Revealed context={context} password={revealed.password} />);
  });
});

function Closed({
  context,
  action,
  link: { endsAt, rulesOnly = false },
}: {
  context: PageContext;
  action: string;
  link: { endsAt: Date; rulesOnly?: boolean };
}): VNode {
  const { text } = context;
  return (
    <form method="post" action={action} class="card stack">
      <Csrf context={context} />
      {!rulesOnly && <p class="lead">{text.say('password.lead')}</p>}
      <p>
        {text.say('password.until')} <Moment text={text} at={endsAt} />
      </p>
      <p>{text.say('password.acknowledge')}</p>
      <button type="submit">{text.say(rulesOnly ? 'password.confirm' : 'password.show')}</button>
    </form>
  );
}

function Revealed({ context: { text }, password }: { context: PageContext; password: string | null }): VNode {
  if (password === null) return <p class="lead card">{text.say('password.confirmed')}</p>;
  return (
    <div class="card stack">
      <p class="lead">{text.say('password.revealed')}</p>
      <p class="code" translate={false}>
        {password}
      </p>
      <p class="hint">{text.say('password.next')}</p>
    </div>
  );
}
