import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { languagesOf, type Organisation } from '../../config/index.js';
import { createText, type Language, type Text } from '../../core/text.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Language of the answer: of `?lang=`, of the cookie that it leaves, of Accept-Language, else Russian. */
    language: Language;
    text: Text;
  }
}

type Home = Pick<Organisation, 'jurisdiction' | 'timeZone'>;

const cookieName = 'lang';

/** The languages that pages and answers speak, in the order of the switch: those of the organisation's jurisdiction, and English. */
export function spokenIn({ jurisdiction }: Pick<Organisation, 'jurisdiction'>): readonly Language[] {
  return [...languagesOf[jurisdiction], 'en'];
}

/** Chooses the language of each answer (RFC 9110, 12.5.4) and hands its text to the handlers. */
export const languagePlugin = fp<{ organisation: Home }>(async (app: FastifyInstance, { organisation }) => {
  const texts = textsOf(organisation);
  const spoken = [...texts.keys()];
  const isSpoken = (value: unknown): value is Language => spoken.includes(value as Language);
  app.decorateRequest('language', 'ru');
  app.decorateRequest('text');
  app.addHook('onRequest', async (request, reply) => {
    const asked = (request.query as { lang?: unknown } | undefined)?.lang;
    const chosen = isSpoken(asked) ? asked : undefined;
    if (chosen)
      reply.setCookie(cookieName, chosen, { path: '/', sameSite: 'lax', httpOnly: true, maxAge: 365 * 24 * 3600 });
    const kept = request.cookies[cookieName];
    request.language = chosen ?? (isSpoken(kept) ? kept : preferred(request.headers['accept-language'], spoken));
    request.text = texts.get(request.language)!;
    reply.header('content-language', request.language);
  });
});

function textsOf(organisation: Home): Map<Language, Text> {
  return new Map(spokenIn(organisation).map((language) => [language, createText(language, organisation)]));
}

/** Gives a language to a request that fails before any hook runs: its URL can't be read, say. */
export function speak(request: FastifyRequest, organisation: Home): void {
  request.language = preferred(request.headers['accept-language'], spokenIn(organisation));
  request.text = textsOf(organisation).get(request.language)!;
}

/** The spoken language that an Accept-Language header wants most; Russian where it wants none of them. */
export function preferred(header: string | undefined, spoken: readonly Language[]): Language {
  const wishes = (header ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...params] = part.trim().split(';');
      const q = params.map((param) => /^\s*q=([\d.]+)$/.exec(param)?.[1]).find(Boolean);
      return { language: tag.slice(0, 2).toLowerCase(), quality: q === undefined ? 1 : Number(q) };
    })
    .filter(({ language, quality }) => spoken.includes(language as Language) && quality > 0)
    .sort((a, b) => b.quality - a.quality);
  return (wishes[0]?.language as Language | undefined) ?? 'ru';
}
