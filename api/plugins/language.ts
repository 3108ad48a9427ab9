import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { createText, type Language, type Text } from '../../core/text.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Language of the answer: of `?lang=`, of the cookie that it leaves, of Accept-Language, else Russian. */
    language: Language;
    text: Text;
  }
}

const spoken: readonly Language[] = ['kk', 'ru', 'en'];
const cookieName = 'lang';

/** Chooses the language of each answer (RFC 9110, 12.5.4) and hands its text to the handlers. */
export const languagePlugin = fp<{ timeZone: string }>(async (app: FastifyInstance, { timeZone }) => {
  const texts = textsOf(timeZone);
  app.decorateRequest('language', 'ru');
  app.decorateRequest('text');
  app.addHook('onRequest', async (request, reply) => {
    const asked = (request.query as { lang?: unknown } | undefined)?.lang;
    const chosen = isSpoken(asked) ? asked : undefined;
    if (chosen)
      reply.setCookie(cookieName, chosen, { path: '/', sameSite: 'lax', httpOnly: true, maxAge: 365 * 24 * 3600 });
    const kept = request.cookies[cookieName];
    request.language = chosen ?? (isSpoken(kept) ? kept : preferred(request.headers['accept-language']));
    request.text = texts.get(request.language)!;
    reply.header('content-language', request.language);
  });
});

function textsOf(timeZone: string): Map<Language, Text> {
  return new Map(spoken.map((language) => [language, createText(language, { timeZone })]));
}

/** Gives a language to a request that fails before any hook runs: its URL can't be read, say. */
export function speak(request: FastifyRequest, timeZone: string): void {
  request.language = preferred(request.headers['accept-language']);
  request.text = textsOf(timeZone).get(request.language)!;
}

function isSpoken(value: unknown): value is Language {
  return spoken.includes(value as Language);
}

/** The spoken language that an Accept-Language header wants most; Russian where it wants none of ours. */
export function preferred(header: string | undefined): Language {
  const wishes = (header ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...params] = part.trim().split(';');
      const q = params.map((param) => /^\s*q=([\d.]+)$/.exec(param)?.[1]).find(Boolean);
      return { language: tag.slice(0, 2).toLowerCase(), quality: q === undefined ? 1 : Number(q) };
    })
    .filter(({ language, quality }) => isSpoken(language) && quality > 0)
    .sort((a, b) => b.quality - a.quality);
  return (wishes[0]?.language as Language | undefined) ?? 'ru';
}
