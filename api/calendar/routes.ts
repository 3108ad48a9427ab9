import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { InputProblem } from '../../core/errors.js';
import type { Services } from '../../core/services.js';
import { createText } from '../../core/text.js';
import { feedReadsPerMinute } from '../limits.js';
import { clocksOf, feedOf } from './events.js';
import type { Feeds } from './feeds.js';

/**
 * The calendar feed of a token: `GET /calendar/<token>.ics`. What is in it goes by the rights that the person of the token has at that
 * moment; a token that was never given, was revoked or has ended gets the 404 of any address.
 */
export const feedRoutes = fp<{ services: Services; feeds: Feeds }>(
  async (app: FastifyInstance, { services, feeds }) => {
    const { settings, organisation, people } = services;
    const publicUrl = settings.web.publicUrl.replace(/\/+$/, '');
    const host = settings.evidence.origin?.split('/')[0] ?? 'merzim.invalid';
    app.get<{ Params: { token: string }; Querystring: { lang?: unknown } }>(
      '/calendar/:token.ics',
      {
        schema: { hide: true },
        config: { access: 'clock.read', rateLimit: { max: feedReadsPerMinute, timeWindow: '1 minute' } },
      },
      async (request, reply) => {
        const feed = await feeds.find(request.params.token);
        if (!feed) throw new InputProblem(404, 'not-found');
        request.access.by = { kind: 'person', id: feed.login };
        // The language of the request is the calendar program's, unless the address itself asks for one.
        const language = request.query.lang === request.language ? request.language : feed.language;
        const clocks = await clocksOf(services, await people.byLogin(feed.login));
        const body = feedOf(clocks, { text: createText(language, organisation), host, publicUrl });
        // The same clocks are the same bytes: a program that asks each hour need not read them again (RFC 9110, 13.1.2).
        const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
        reply.header('etag', etag).header('cache-control', 'private, no-cache');
        if (namesTag(request.headers['if-none-match'], etag)) return reply.code(304).send();
        return reply
          .type('text/calendar; charset=utf-8')
          .header('content-language', language)
          .header('content-disposition', 'inline; filename="merzim.ics"')
          .send(body);
      },
    );
  },
);

/** Whether `If-None-Match` names a tag, alone or in a list, weak or not. */
function namesTag(asked: string | undefined, etag: string): boolean {
  return (asked ?? '').split(',').some((each) => [etag, '*'].includes(each.trim().replace(/^W\//, '')));
}
