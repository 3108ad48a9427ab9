import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { tellAccess, tellCases, tellTechnical, tellUpkeep, type ToldCases } from '../builders/told-cases.js';
import { ApiSite, publicUrl } from '../helpers/api-site.js';
import { openWindow, startChromium } from '../helpers/chromium.js';
import { axeFaultsOf, pageLanguages, walk, type Stop } from '../helpers/page-walk.js';

/** Milliseconds: for the cases to be told, and for one walk in one language. */
const walkMs = 400_000;

let site: ApiSite;
let browser: Browser;
let base: string;
/** The same as pages of an organisation of Kyrgyzstan. */
let baseInKyrgyzstan: string;
let told: ToldCases & { access: ToldCases['filed']; technical: string };
beforeAll(async () => {
  site = await ApiSite.start({ BACKUP_EVERY: 'P1D', STATE_AUDIT_EVERY: 'P12M' });
  told = { ...(await tellCases(site)), access: await tellAccess(site), technical: await tellTechnical(site) };
  await tellUpkeep(site, told.technical);
  base = await site.listen();
  baseInKyrgyzstan = await site.listenAs('KG');
  browser = await startChromium();
}, 3 * walkMs);
afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

/** Fills fields by name and sends the form as it is, whatever the browser thinks of it. */
const send =
  (fields: Record<string, string>) =>
  async (page: Page): Promise<void> => {
    for (const [name, value] of Object.entries(fields)) await page.locator(`main [name=${name}]`).first().fill(value);
    await page.evaluate(`document.querySelector('main form').noValidate = true`);
    await Promise.all([page.waitForEvent('load'), page.locator('main form button').first().click()]);
  };

const caseStop = (name: keyof typeof told): Stop => ({ name: `case-${name}`, path: `/cases/${numberOf(name)}` });
const numberOf = (name: keyof typeof told): string => {
  const given = told[name];
  return typeof given === 'string' ? given : given.number;
};

const stops: Record<string, () => Stop[]> = {
  anybody: () => [
    { name: 'home', path: '/' },
    { name: 'apply', path: '/apply' },
    {
      name: 'apply-refused',
      path: '/apply',
      act: send({ senderName: 'Ә', iin: '850412400122', email: 'ulzhan', facts: 'а', periodFrom: '2026-10-01' }),
      status: 422,
    },
    {
      name: 'filed',
      path: '/apply',
      act: async (page) => {
        await page.locator('[name=triggerKind]').selectOption('individualApplication');
        await send({ senderName: 'Іңкәр Өмірбек', email: 'i@applicant.example', facts: 'Мекенжайым жария етілді.' })(
          page,
        );
      },
    },
    { name: 'follow', path: '/follow' },
    { name: 'help', path: '/help' },
    { name: 'help-page', path: '/help/instructions/hand-in-a-document' },
    { name: 'follow-none', path: '/follow', act: send({ number: 'INS-2026-999999', code: 'AAAA-BBBB' }), status: 404 },
    {
      name: 'followed',
      path: '/follow',
      act: send({ number: told.filed.number, code: told.filed.accessCode }),
    },
    { name: 'access-request', path: '/access-requests/new' },
    {
      name: 'access-request-rows',
      path: '/access-requests/new',
      act: async (page) => {
        await page.locator('[name="users[0].surname"]').fill('Нұрғалиева');
        await Promise.all([page.waitForEvent('load'), page.locator('main form button.quiet').click()]);
        await page.locator('[name="users[1].surname"]').waitFor();
        if ((await page.locator('[name="users[0].surname"]').inputValue()) !== 'Нұрғалиева')
          throw new Error('what was typed is lost');
      },
    },
    {
      name: 'access-request-refused',
      path: '/access-requests/new',
      act: send({ '"applicant.bin"': '980740001234', '"users[0].iin"': '1', '"users[0].email"': 'ulzhan' }),
      status: 422,
    },
    { name: 'technical-request', path: '/technical-requests/new' },
    {
      name: 'technical-request-refused',
      path: '/technical-requests/new',
      act: send({ '"reporter.email"': 'ulzhan' }),
      status: 422,
    },
    { name: 'completion', path: '/access-requests/completion' },
    {
      name: 'completion-none',
      path: '/access-requests/completion',
      act: send({ number: 'ACC-2026-999999', code: 'AAAA-BBBB' }),
      status: 404,
    },
    {
      name: 'completion-missing',
      path: '/access-requests/completion',
      act: send({ number: told.access.number, code: told.access.accessCode }),
    },
    { name: 'withdrawal', path: '/access-requests/withdrawal' },
    {
      name: 'withdrawal-none',
      path: '/access-requests/withdrawal',
      act: send({ number: 'ACC-2026-999999', code: 'AAAA-BBBB' }),
      status: 404,
    },
    { name: 'upload', path: told.link },
    { name: 'upload-used', path: '/upload/used', status: 404 },
    { name: 'problem-sign-in', path: '/cases', status: 401 },
    { name: 'problem-not-found', path: '/nothing', status: 404 },
  ],
  'employee.ala1': () => [
    { name: 'home', path: '/' },
    { name: 'requests', path: '/requests' },
    { name: 'cases', path: '/cases' },
    { ...caseStop('inStudy'), status: 404 },
  ],
  'hr.ala': () => [{ name: 'requests', path: '/requests' }],
  'iss.ala': () => [
    { name: 'home', path: '/' },
    { name: 'cases', path: '/cases' },
    { name: 'requests', path: '/requests' },
    ...(['outOfScope', 'concluded', 'voided'] as const).map(caseStop),
    {
      name: 'document',
      path: `/cases/${numberOf('concluded')}`,
      act: (page) =>
        Promise.all([page.waitForEvent('load'), page.locator('.documents a[href^="/cases/"]').first().click()]),
    },
    {
      ...caseStop('inStudy'),
      act: async (page) => {
        await page.locator('.picture .step-done').first().waitFor();
        await page.locator('summary', { hasText: 'Request document' }).click();
        for (const state of ['done', 'current', 'late'])
          await page.locator(`[data-source$="/document-request"] .step-${state}`).first().waitFor();
      },
    },
    {
      name: 'case-refused',
      path: `/cases/${told.inStudy}`,
      act: async (page) => {
        const form = page.locator('form[action$="/non-receipts"]');
        await page.evaluate(`for (const each of document.querySelectorAll('details')) each.open = true`);
        await form.locator('textarea').fill('а');
        await form.locator('select').selectOption({ index: 1 });
        await Promise.all([page.waitForEvent('load'), form.locator('button').click()]);
        // What was typed is there again, and stands where the reader looks.
        await page.waitForFunction(
          `document.activeElement?.value === 'а' && document.activeElement.closest('details').open`,
        );
      },
      status: 422,
    },
  ],
  'management.ala': () => [
    caseStop('concluded'),
    { name: 'tasks', path: '/tasks' },
    {
      name: 'substitutions',
      path: '/substitutions',
      act: send({ principal: 'management.ala', substitute: 'hr.ala', from: '2026-01-01', until: '2099-12-31' }),
    },
    { name: 'deadlines', path: '/deadlines' },
    { name: 'calendar', path: '/calendar' },
    {
      name: 'notices',
      path: '/notices',
      act: async (page) => {
        await page.locator('input[value=digest]').check();
        await Promise.all([page.waitForEvent('load'), page.locator('main form button').click()]);
        await page.locator('input[value=digest]:checked').waitFor();
      },
    },
  ],
  'iss.central': () => [{ name: 'cases', path: '/cases' }, caseStop('filed')],
  'iss.shy': () => [
    { name: 'cases', path: '/cases' },
    { ...caseStop('inStudy'), status: 404 },
  ],
  auditor: () => [
    { name: 'cases', path: '/cases' },
    { name: 'audit', path: `/audit?seed=7&chain=${told.concluded}` },
    { name: 'upkeep', path: '/upkeep-records' },
    { name: 'upkeep-none', path: '/upkeep-records?kind=change&system=pension' },
    { name: 'access-log', path: '/audit/access-log' },
    { name: 'access-log-none', path: '/audit/access-log?login=nobody&from=2026-01-01&to=2026-01-02' },
    { name: 'cases-filtered', path: '/cases?state=open&broken=true' },
    { name: 'cases-none', path: '/cases?to=2020-01-01' },
    { name: 'cases-found', path: '/cases', act: send({ value: '850412400121' }) },
    { name: 'trail', path: `/cases/${told.concluded}?before=180` },
    { name: 'export-silent', path: `/cases/${told.concluded}/export`, status: 503 },
  ],
  'ib.admin': () => [
    { name: 'tasks', path: '/tasks' },
    { name: 'cases', path: '/cases' },
    caseStop('access'),
    { name: 'access-journal', path: '/access-journal' },
    {
      name: 'violation-refused',
      path: '/access-violations',
      act: async (page) => {
        await page.locator('summary').first().click();
        await page.locator('[name=facts]').fill('Логин екі адамда.');
        await page.locator('[name=kind]').selectOption('sharedLogin');
        await Promise.all([page.waitForEvent('load'), page.locator('main form button').first().click()]);
      },
      status: 422,
    },
  ],
  dpo: () => [{ name: 'access-journal-none', path: '/access-journal?to=2020-01-01' }],
  'is.admin': () => [
    { name: 'cases', path: '/cases?process=technical-request' },
    caseStop('technical'),
    {
      name: 'upkeep-refused',
      path: '/upkeep-records',
      act: async (page) => {
        await page.evaluate(`for (const each of document.querySelectorAll('details')) each.open = true`);
        await page.evaluate(`for (const each of document.querySelectorAll('form')) each.noValidate = true`);
        const form = page.locator('form:has([name=kind][value=duty-roster])');
        await form.locator('[name=from]').fill('2026-02-07');
        await form.locator('[name=to]').fill('2026-02-01');
        await form.locator('[name=employeeIds]').selectOption(['SC-1076', 'SC-1077']);
        await form.locator('[name=remark]').fill('Мереке күндері.');
        await Promise.all([page.waitForEvent('load'), form.locator('button').click()]);
        // What was chosen is chosen again.
        if ((await page.locator('[name=employeeIds] option:checked').count()) !== 2)
          throw new Error('a choice is lost');
      },
      status: 422,
    },
  ],
  registrar: () => [
    { name: 'home', path: '/' },
    { name: 'technical-register', path: '/technical-requests/register' },
    {
      name: 'technical-register-refused',
      path: '/technical-requests/register',
      act: send({ '"reporter.email"': 'ulzhan' }),
      status: 422,
    },
  ],
  administrator: () => [
    { name: 'home', path: '/' },
    { name: 'role-holders', path: '/role-holders' },
    { name: 'role-holders-none', path: '/role-holders?role=process-owner&after=zzz' },
  ],
};

test('without script the case page says the steps as a list', async () => {
  const { body } = await (await site.as('iss.ala')).page(`/cases/${told.inStudy}?lang=en`);
  const [, steps = ''] = /Request document<\/summary>(.*?)<\/ol>/s.exec(body) ?? [];
  expect(steps.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')).toMatch(
    /Request document done .* 2 times .*Await document waiting now .*DL-INS-3 due late/,
  );
});

describe.each(pageLanguages)('in %s', (language) => {
  test.each(Object.keys(stops))(
    'each page of %s says the same in structure, fits a phone, and axe-core finds nothing',
    async (who) => {
      const caller = who === 'anybody' ? null : await site.as(who);
      const at = language === 'ky' ? baseInKyrgyzstan : base;
      expect(await walk(browser, at, { who, caller, language, stops: stops[who]!() })).toEqual([]);
    },
    walkMs,
  );
});

describe('the sign-in of the development identity provider', () => {
  test.each(['kk', 'ru', 'en'])(
    'in %s: axe-core finds nothing, before and after a wrong password',
    async (language) => {
      const window = await openWindow(browser);
      try {
        await window.setExtraHTTPHeaders({ 'accept-language': language });
        const page = await window.newPage();
        const asked = new URLSearchParams({
          ...{
            client_id: 'merzim',
            response_type: 'code',
            scope: 'openid',
            redirect_uri: `${publicUrl}/sign-in/callback`,
          },
          ...{ code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' },
          ...{ state: 'state', nonce: 'nonce', ui_locales: language },
        });
        await page.goto(`${site.issuer}/auth?${asked.toString()}`);
        const found = await axeFaultsOf(page);
        await page.locator('#login').fill('iss.ala');
        await page.locator('#password').fill('wrong');
        await Promise.all([page.waitForEvent('load'), page.locator('button').click()]);
        await page.locator('#fault').waitFor();
        expect([...found, ...(await axeFaultsOf(page))]).toEqual([]);
        expect(await page.evaluate('document.documentElement.lang')).toBe(language);
      } finally {
        await window.close();
      }
    },
  );
});
