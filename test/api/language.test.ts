import cookie from '@fastify/cookie';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { page } from '../../api/pages/layout.js';
import { languagePlugin } from '../../api/plugins/language.js';
import { problemPage } from '../../api/pages/problem.js';
import { problemsPlugin } from '../../api/plugins/problems.js';
import { kyrgyzOrganisation } from '../builders/organisation.js';
import { loadOrganisation, type Organisation } from '../../config/index.js';

/** The languages and problems of the API for an organisation, with one page. */
async function siteOf(organisation: Organisation): Promise<FastifyInstance> {
  const app = Fastify();
  await app.register(cookie);
  await app.register(languagePlugin, { organisation });
  await app.register(problemsPlugin, { page: problemPage });
  app.get('/', async (request, reply) => {
    const links = { tasklist: '/', operate: '/' };
    const inLanguage = (code: string) => `/?lang=${code}`;
    const publicUrl = 'http://127.0.0.1';
    const context = {
      text: request.text,
      organisation,
      person: null,
      csrf: '',
      path: '/',
      inLanguage,
      links,
      publicUrl,
    };
    return reply.type('text/html').send(page(context, request.text.say('page.home-title'), ''));
  });
  return app;
}

describe.each([
  ['Kazakhstan', loadOrganisation('demo'), ['kk', 'ru', 'en'], 'ky'],
  ['Kyrgyzstan', kyrgyzOrganisation(), ['ky', 'ru', 'en'], 'kk'],
] as const)('an organisation of %s', (_, organisation, spoken, foreign) => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = await siteOf(organisation);
  });
  afterAll(() => app.close());
  const get = (headers: Record<string, string>, url = '/') => app.inject({ url, headers });

  test('offers its two languages and English, in this order', async () => {
    const { body } = await get({ 'accept-language': 'en' });
    expect([...body.matchAll(/(?:hreflang|aria-current="true" lang)="(\w\w)"/g)].map(([, code]) => code)).toEqual(
      spoken,
    );
  });

  test.each(spoken)('speaks %s where it is asked to, by name in all its parts', async (language) => {
    const { headers, body } = await get({ 'accept-language': `${language};q=0.9, de` });
    expect(headers['content-language']).toBe(language);
    expect(body).toContain(`<html lang="${language}">`);
    expect(body).toContain(organisation.name[language].replaceAll('"', '&quot;'));
  });

  test('answers in Russian who wants the language of the other state, by header, by link or by cookie', async () => {
    for (const answer of [
      await get({ 'accept-language': foreign }),
      await get({}, `/?lang=${foreign}`),
      await get({ cookie: `lang=${foreign}` }),
    ]) {
      expect(answer.headers['content-language']).toBe('ru');
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
  });

  test('remembers the language that was chosen', async () => {
    const { headers } = await get({ 'accept-language': 'ru' }, `/?lang=${spoken[0]}`);
    expect(headers['set-cookie']).toContain(`lang=${spoken[0]};`);
  });

  test('tells a problem in the language of its state', async () => {
    const { headers, body } = await get({ 'accept-language': spoken[0] }, '/nowhere');
    expect(headers['content-language']).toBe(spoken[0]);
    expect(JSON.parse(body)).toMatchObject({ title: expect.stringMatching(/(жоқ|жок)$/) });
  });
});
