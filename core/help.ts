import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import { z } from 'zod';
import { inProject } from '../config/index.js';
import { PermanentError } from './errors.js';
import { readMarkdown, type Block } from './letter-fill.js';
import { errorFields } from './log.js';
import type { Language } from './text.js';

/** What administrators publish (item 16 of the Rules on access): how to do things, questions with answers, what is new. */
export const helpKinds = ['instructions', 'faq', 'news'] as const;
export type HelpKind = (typeof helpKinds)[number];

/** One page of help in one language, as its file says. */
export interface HelpPage {
  kind: HelpKind;
  name: string;
  language: Language;
  title: string;
  /** Legal day. */
  publishedOn: string;
  /** Address of a film that shows the same. */
  video?: string | undefined;
  blocks: Block[];
}

const head = z.strictObject({
  title: z.string().min(1),
  publishedOn: z.iso.date(),
  video: z.url({ protocol: /^https?$/ }).optional(),
  reviewed: z.union([z.literal('false'), z.string().regex(/^.+, \d{4}-\d{2}-\d{2}$/)]),
});

/** Reads one file. @throws PermanentError that names the file and what is wrong in it. */
export function parseHelp(kind: HelpKind, name: string, language: Language, source: string): HelpPage {
  const where = `config/help/${kind}/${name}.${language}.md`;
  const [, front, body = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(source.replaceAll('\r\n', '\n')) ?? [];
  const fail = (fault: string) => new PermanentError(`${where}: ${fault}`, { field: 'template' });
  if (front === undefined) throw fail('expected a front matter between two lines of ---');
  const lines = front.split('\n').map((line) => /^(\w+):\s*(.*\S)\s*$/.exec(line)?.slice(1) ?? [line, '']);
  const read = head.safeParse(Object.fromEntries(lines));
  if (!read.success) throw fail(z.prettifyError(read.error));
  const { title, publishedOn, video } = read.data;
  return { kind, name, language, title, publishedOn, video, blocks: readMarkdown(body, where) };
}

/**
 * Every page of `config/help/`, the newest first, as the files are now: an administrator's change shows with the next request. A faulty file is
 * left out and named in the log, so that it takes no other page with it; so is what can not be opened. A folder that is not there has no pages.
 */
export async function readHelp(log: Pick<Logger, 'error'>, folder = inProject('config', 'help')): Promise<HelpPage[]> {
  const pages: HelpPage[] = [];
  const left = (where: string, error: unknown): void => {
    const said = error instanceof PermanentError ? { reason: error.message } : errorFields(error);
    log.error({ where, ...said }, 'a help page can not be read');
  };
  for (const kind of helpKinds) {
    for (const file of await filesOf(path.join(folder, kind), (error) => left(kind, error))) {
      const [, name, language] = /^([a-z0-9-]+)\.(kk|ru|ky|en)\.md$/.exec(file) ?? [];
      if (!name || !language) continue;
      try {
        pages.push(parseHelp(kind, name, language as Language, await readFile(path.join(folder, kind, file), 'utf8')));
      } catch (error) {
        left(`${kind}/${file}`, error);
      }
    }
  }
  return pages.sort((a, b) => b.publishedOn.localeCompare(a.publishedOn) || a.name.localeCompare(b.name));
}

/** Names in a folder; of one that can not be read none, and `failed` is told, unless it is not there. */
async function filesOf(folder: string, failed: (error: unknown) => void): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') failed(error);
    return [];
  }
}

/** Each page once: in the reader's language, else in the first of `others` that it is written in. */
export function inLanguage(pages: readonly HelpPage[], language: Language, others: readonly Language[]): HelpPage[] {
  const rank = (page: HelpPage) => [language, ...others].indexOf(page.language);
  const best = new Map<string, HelpPage>();
  for (const page of pages) {
    const key = `${page.kind}/${page.name}`;
    const known = best.get(key);
    if (rank(page) >= 0 && (!known || rank(page) < rank(known))) best.set(key, page);
  }
  return [...best.values()];
}
