import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { catalogueOf } from '../../core/text.js';
import type { Caller } from './api-site.js';
import { openWindow } from './chromium.js';

export const pageLanguages = ['kk', 'ru', 'ky', 'en'] as const;
export type PageLanguage = (typeof pageLanguages)[number];

/** A width as officers have it, and one of a phone; in CSS pixels. */
const widths = [1280, 390] as const;

/** Where screenshots of all that is walked over go; none are made without it. */
const shotsFolder = process.env['MERZIM_SCREENSHOTS'];

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** One stop of the walk: whose page it is, and how a browser comes to it. */
export interface Stop {
  name: string;
  /** Where the browser begins. */
  path: string;
  /** What is done there, for pages that answer a form. Answers the status of what is shown then. */
  act?(page: Page): Promise<unknown>;
  status?: number;
}

/** What a browser tells of a page. */
interface Seen {
  lang: string;
  title: string;
  headings: string[];
  text: string;
  /** Pixels by which the page is wider than its window. */
  wide: number;
}

/** Everything that is wrong with one page in one language; empty when all is well. */
export async function faultsOf(page: Page, language: string): Promise<string[]> {
  const faults: string[] = [];
  const seen = await page.evaluate<Seen>(`({
    lang: document.documentElement.lang,
    title: document.title,
    headings: [...document.querySelectorAll('h1')].map((heading) => heading.textContent.trim()),
    text: document.body.innerText,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  })`);
  if (seen.lang !== language) faults.push(`lang is ${seen.lang}`);
  if (seen.headings.length !== 1 || !seen.headings[0]) faults.push(`${seen.headings.length} headings of level 1`);
  if (!seen.title.startsWith(`${seen.headings[0]} · `)) faults.push(`title is "${seen.title}"`);
  const catalogue = catalogueOf(language as PageLanguage);
  faults.push(
    ...seen.text.split(/\s+/).flatMap((word) => (Object.hasOwn(catalogue, word) ? [`untranslated ${word}`] : [])),
    ...(/\b(undefined|null|NaN)\b|\[object|\{\w+\}/.exec(seen.text)?.slice(0, 1) ?? []),
  );
  if (seen.wide > 0) faults.push(`${seen.wide} pixels too wide`);
  return faults;
}

/** Rules of what is drawn and not said: colours and sizes, which take axe-core most of its time. */
const ofLooks = ['color-contrast', 'target-size'];

/** What axe-core finds against WCAG 2.2 A and AA and its own best practices; `drawn` false leaves out what no language changes. */
export async function axeFaultsOf(page: Page, drawn = true): Promise<string[]> {
  await page.evaluate(axeSource);
  const rules = Object.fromEntries(ofLooks.map((rule) => [rule, { enabled: drawn }]));
  return page.evaluate<string[]>(`axe.run(document, {
    resultTypes: ['violations'],
    rules: ${JSON.stringify(rules)},
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html, any }) =>
    id + ': ' + html.slice(0, 160) + ' ' + any.map(({ message }) => message).join('; '))))`);
}

/** Pages that axe-core has looked at, as `<stop> <language>`: several callers come to the same page. */
const looked = new Set<string>();

/**
 * Goes to each stop as one caller in one language, at both widths. axe-core, which takes longest, looks at each page once a language on the phone's
 * width, whoever comes there first; at the wide one, and at colours and sizes, in Russian alone, because the languages differ in words. Returns what is wrong, each
 * with its stop and width.
 */
export async function walk(
  browser: Browser,
  base: string,
  { who, caller, language, stops }: { who: string; caller: Caller | null; language: string; stops: readonly Stop[] },
): Promise<string[]> {
  const faults: string[] = [];
  const window = await openWindow(browser);
  try {
    const cookie = { url: base, name: 'lang', value: language };
    await window.addCookies([
      cookie,
      ...(caller?.session ? [{ ...cookie, name: 'merzim', value: caller.session }] : []),
    ]);
    const page = await window.newPage();
    let status = 0;
    page.on('response', (response) => {
      if (response.request().isNavigationRequest()) status = response.status();
    });
    const refused: string[] = [];
    page.on('pageerror', ({ message }) => refused.push(`script: ${message}`));
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) refused.push(message.text());
    });
    for (const stop of stops) {
      await page.goto(`${base}${stop.path}`);
      if (stop.act) await stop.act(page);
      const found = status === (stop.status ?? 200) ? [] : [`status is ${status}`];
      const first = !looked.has(`${stop.name} ${language}`);
      looked.add(`${stop.name} ${language}`);
      for (const width of widths) {
        await page.setViewportSize({ width, height: 900 });
        const looks = first && (width === 390 || language === 'ru');
        const here = [
          ...(await faultsOf(page, language)),
          ...(looks ? await axeFaultsOf(page, language === 'ru') : []),
        ];
        found.push(...here.map((fault) => `at ${width}: ${fault}`));
        if (shotsFolder) await shoot(page, path.join(shotsFolder, `${stop.name}-${who}-${language}-${width}.png`));
      }
      found.push(...refused.splice(0));
      faults.push(...found.map((fault) => `${who} ${stop.name} ${language}: ${fault}`));
    }
  } finally {
    await window.close();
  }
  return faults;
}

async function shoot(page: Page, file: string): Promise<void> {
  mkdirSync(path.dirname(file), { recursive: true });
  await page.screenshot({ path: file, fullPage: true });
}
