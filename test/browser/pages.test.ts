import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { tellCases, type ToldCases } from '../builders/told-cases.js';
import { ApiSite } from '../helpers/api-site.js';
import { startChromium } from '../helpers/chromium.js';
import { pageLanguages, walk, type Stop } from '../helpers/page-walk.js';

/** Milliseconds: for the cases to be told, and for one walk in one language. */
const walkMs = 120_000;

let site: ApiSite;
let browser: Browser;
let base: string;
let told: ToldCases;
beforeAll(async () => {
  site = await ApiSite.start();
  told = await tellCases(site);
  base = await site.listen();
  browser = await startChromium();
}, walkMs);
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

const caseStop = (name: keyof ToldCases): Stop => ({ name: `case-${name}`, path: `/cases/${numberOf(name)}` });
const numberOf = (name: keyof ToldCases): string => {
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
    { name: 'follow-none', path: '/follow', act: send({ number: 'INS-2026-999999', code: 'AAAA-BBBB' }), status: 404 },
    {
      name: 'followed',
      path: '/follow',
      act: send({ number: told.filed.number, code: told.filed.accessCode }),
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
      },
      status: 422,
    },
  ],
  'management.ala': () => [caseStop('concluded')],
  'iss.central': () => [{ name: 'cases', path: '/cases' }, caseStop('filed')],
  'iss.shy': () => [
    { name: 'cases', path: '/cases' },
    { ...caseStop('inStudy'), status: 404 },
  ],
  auditor: () => [
    { name: 'cases', path: '/cases' },
    { name: 'audit', path: `/audit?seed=7&chain=${told.concluded}` },
    { name: 'cases-filtered', path: '/cases?state=open&broken=true' },
    { name: 'cases-none', path: '/cases?to=2020-01-01' },
    { name: 'cases-found', path: '/cases', act: send({ value: '850412400121' }) },
    { name: 'trail', path: `/cases/${told.concluded}?before=180` },
    { name: 'export-silent', path: `/cases/${told.concluded}/export`, status: 503 },
  ],
  registrar: () => [{ name: 'home', path: '/' }],
  administrator: () => [{ name: 'home', path: '/' }],
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
      expect(await walk(browser, base, { who, caller, language, stops: stops[who]!() })).toEqual([]);
    },
    walkMs,
  );
});
