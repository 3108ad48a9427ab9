import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { VNode } from 'preact';
import type { Services } from '../../core/services.js';
import { signedIn } from '../access.js';
import { createFeeds, type Feed } from '../calendar/feeds.js';
import { feedRoutes } from '../calendar/routes.js';
import { formOf } from './forms.js';
import { Csrf, contextOf, page, type PageContext } from './layout.js';

/** The page on which everybody makes and revokes the address of his calendar feed (`/calendar`), and the feed itself. */
export const calendarPages = fp<{ services: Services }>(async (app: FastifyInstance, { services }) => {
  const { settings, organisation, database } = services;
  const { tasklistUrl, operateUrl } = settings.web;
  const publicUrl = settings.web.publicUrl.replace(/\/+$/, '');
  const places = { links: { tasklist: tasklistUrl, operate: operateUrl }, publicUrl };
  const feeds = createFeeds({ database });
  await feeds.init();
  await app.register(feedRoutes, { services, feeds });

  const show = (request: FastifyRequest, reply: FastifyReply, feed: Feed | null, token?: string): FastifyReply => {
    const context = contextOf(request, organisation, places);
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(page(context, request.text.say('page.calendar'), <Calendar {...{ context, feed, token }} />));
  };
  const hide = { schema: { hide: true } } as const;
  app.get('/calendar', hide, async (request, reply) => show(request, reply, await feeds.of(signedIn(request).login)));
  app.post('/calendar', hide, async (request, reply) => {
    const { login } = signedIn(request);
    if (formOf(request)['revoke'] !== undefined) {
      await feeds.revoke(login);
      request.log.info({ action: 'calendar-feed-revoked' }, 'calendar feed revoked');
      return reply.redirect('/calendar', 303);
    }
    const { token, feed } = await feeds.make(login, request.language);
    request.log.info({ action: 'calendar-feed-made' }, 'calendar feed made');
    return show(request, reply, feed, token);
  });
});

/** Whether there is an address and until when; `token` only in the answer that made it. */
export function Calendar({
  context,
  feed,
  token,
}: {
  context: PageContext;
  feed: Feed | null;
  token?: string | undefined;
}): VNode {
  const { text, publicUrl } = context;
  return (
    <>
      <p class="lead">{text.say('feed.lead')}</p>
      <div class="card stack">
        {token !== undefined && (
          <>
            <p>
              <code class="text">{`${publicUrl}/calendar/${token}.ics`}</code>
            </p>
            <p class="hint">{text.say('feed.once')}</p>
          </>
        )}
        <p>
          {feed
            ? text.say('feed.there', { from: text.moment(feed.createdAt), until: text.date(feed.endsAt) })
            : text.say('feed.none')}
        </p>
        <form method="post" action="/calendar" class="stack">
          <Csrf context={context} />
          {feed && <p class="hint">{text.say('feed.replaces')}</p>}
          <button type="submit">{text.say('feed.make')}</button>
        </form>
        {feed && (
          <form method="post" action="/calendar">
            <Csrf context={context} />
            <button type="submit" class="quiet" name="revoke" value="yes">
              {text.say('feed.revoke')}
            </button>
          </form>
        )}
      </div>
      <p>
        <a href="/deadlines">{text.say('page.deadlines')}</a>
      </p>
    </>
  );
}
