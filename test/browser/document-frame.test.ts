import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { waitFor } from '../../local/play/tasks.js';
import { ApiSite } from '../helpers/api-site.js';
import { startChromium } from '../helpers/chromium.js';
import { madePdf } from '../helpers/made-pdf.js';

/** A document of a case, looked at in a real browser under the policy of its page. */

let site: ApiSite;
let browser: Browser;
let base: string;
beforeAll(async () => {
  site = await ApiSite.start();
  base = await site.listen();
  browser = await startChromium();
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

test('a PDF shows in its frame, and nothing that the policy forbids is asked for', async () => {
  const number = await site.file('SC-1018');
  const officer = await site.as('iss.ala');
  const content = await madePdf(3, 'Sheet');
  const added = await officer.upload(`/api/cases/${number}/documents`, [
    ['file', { name: 'үш бет.pdf', type: 'application/pdf', content }],
  ]);
  const path = `/cases/${number}/documents/${added.json<{ documentId: string }>().documentId}`;
  // Not by `openWindow`: the viewer's own parts come from chrome-extension://, which that keeps out.
  const window = await browser.newContext({ locale: 'ru-RU', viewport: { width: 1280, height: 1000 } });
  try {
    await window.addCookies([{ url: base, name: 'merzim', value: officer.session! }]);
    const page = await window.newPage();
    const told: string[] = [];
    page.on('console', (message) => told.push(message.text()));
    page.on('pageerror', ({ message }) => told.push(message));
    page.on('download', () => told.push('a download in place of a frame'));
    const framed = page.waitForResponse((response) => response.url() === `${base}${path}/content`);
    await page.goto(`${base}${path}`);
    const response = await framed;
    expect([response.status(), response.headers()['content-type']]).toEqual([200, 'application/pdf']);
    // The viewer of Chromium, and in it the pages: the second comes only once it has taken the file for a PDF.
    const shown = () => page.frames().filter((frame) => frame.url() === `${base}${path}/content`).length;
    await waitFor(() => Promise.resolve(shown() === 2 || undefined), 'the viewer shows the file');
    expect(page.frames().some((frame) => frame.url().startsWith('chrome-extension://'))).toBe(true);
    // No icon of the site is there.
    expect(told.filter((text) => !/404 \(Not Found\)/.test(text))).toEqual([]);
  } finally {
    await window.close();
  }
}, 240_000);
