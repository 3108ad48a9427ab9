import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { temporaryPassword } from '../../core/access-request/temporary-password.js';
import { newId } from '../../core/ids.js';
import { ApiSite, publicUrl } from '../helpers/api-site.js';
import { somebody } from '../helpers/database.js';

/** The page of a one-time link, as whoever got the answer's mail sees it. */

let site: ApiSite;
beforeAll(async () => {
  site = await ApiSite.start();
});
afterAll(() => site.stop());

async function aLink(given: { password?: null } = {}) {
  const { database, passwordLinks } = site.services;
  const asked = { caseId: newId(), accountId: newId(), password: temporaryPassword() };
  const { link } = await database.transaction(somebody, (tx) =>
    passwordLinks.make(tx, { ...asked, ...given, publicUrl, hours: 24 }),
  );
  return { ...asked, path: new URL(link).pathname };
}
/** As HTML has it. */
const shown = (password: string): string => password.replaceAll('&', '&amp;');

test('opened any number of times it shows a button; the button shows the password once', async () => {
  const { path, password } = await aLink();
  for (let times = 0; times < 3; times += 1) {
    const opened = await site.anybody.page(path);
    expect(opened.statusCode).toBe(200);
    expect(opened.body).toContain(`action="${path}"`);
    expect(opened.body).not.toContain(shown(password));
    expect(opened.headers['cache-control']).toBe('no-store');
  }
  const revealed = await site.anybody.form(path, {});
  expect(revealed.statusCode).toBe(200);
  expect(revealed.body).toContain(shown(password));
  expect(revealed.headers['cache-control']).toBe('no-store');
  const again = await site.anybody.form(path, {});
  expect(again.statusCode).toBe(404);
  expect(again.body).not.toContain(shown(password));
  expect((await site.anybody.page(path)).statusCode).toBe(404);
});

test('a link that was never given, or was withdrawn, shows the same', async () => {
  const { path, accountId, password } = await aLink();
  const { database, passwordLinks } = site.services;
  await database.transaction(somebody, (tx) => passwordLinks.withdraw(tx, accountId));
  const withdrawn = await site.anybody.form(path, {});
  const never = await site.anybody.form(`/password/${'A'.repeat(52)}`, {});
  expect([withdrawn.statusCode, never.statusCode]).toEqual([404, 404]);
  expect(withdrawn.body).not.toContain(shown(password));
  const token = path.slice('/password/'.length);
  expect(withdrawn.body.replaceAll(token, 'A'.repeat(52))).toBe(never.body);
});

/** On a connection of its own. */
function post(url: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode, body }));
    });
    asked.on('error', reject).end();
  });
}

test('of a thousand who press the button at the same time exactly one sees the password', async () => {
  const { path, password, caseId } = await aLink();
  // As many connections may wait to be taken.
  const address = await site.app.listen({ host: '127.0.0.1', port: 0, backlog: 2000 });
  const answers = await Promise.all(Array.from({ length: 1000 }, () => post(`${address}${path}`)));
  expect(answers.filter(({ body }) => body.includes(shown(password)))).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 404)).toHaveLength(999);
  const revealed = (await site.services.trail.list(caseId)).filter(({ type }) => type === 'password.revealed');
  expect(revealed.map(({ data }) => data['rulesAcknowledged'])).toEqual([true]);
}, 120_000);

test('where the password is in the mail, the page takes the acknowledgement of the rules, once, and shows no password', async () => {
  const { path, caseId } = await aLink({ password: null });
  const opened = await site.anybody.page(`${path}?lang=en`);
  expect([opened.statusCode, opened.body.includes('Confirm that I know the rules')]).toEqual([200, true]);
  expect(opened.body).not.toContain('Show the password');
  const done = await site.anybody.form(path, {}, { 'accept-language': 'en' });
  expect([done.statusCode, done.body.includes('class="code"')]).toEqual([200, false]);
  expect((await site.anybody.form(path, {})).statusCode).toBe(404);
  expect((await site.services.trail.list(caseId)).at(-1)).toMatchObject({ type: 'rules.acknowledged' });
});
