import { chromium, type Browser, type BrowserContext } from 'playwright-core';
import { readTools } from '../../local/stack/tools.js';

/** Milliseconds for one thing to appear: the tasks' list lags behind the engine, and the machine may be busy. */
const patienceMs = 120_000;

/** Starts the Chromium that the set-up found. Throws when it was run without it. */
export async function startChromium(): Promise<Browser> {
  const { chromium: executablePath } = readTools();
  if (!executablePath) throw new Error('chromium was not set up; run: node local/setup.mjs test');
  return chromium.launch({
    executablePath,
    timeout: patienceMs,
    args: [
      '--no-sandbox',
      '--headless',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A window of its own for a person who reads Russian: no cookie of anybody else, and nothing loaded but from this machine. */
export async function openWindow(browser: Browser): Promise<BrowserContext> {
  const window = await browser.newContext({ locale: 'ru-RU', viewport: { width: 1400, height: 1000 } });
  window.setDefaultTimeout(patienceMs);
  window.setDefaultNavigationTimeout(patienceMs);
  await window.route(
    (url) => url.hostname !== '127.0.0.1',
    (route) => route.abort(),
  );
  return window;
}
