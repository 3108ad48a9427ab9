import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { inProject } from '../config/index.js';
import { PermanentError } from './errors.js';
import type { Language } from './text.js';

/** A value that reads differently in each language of a letter, e.g. the name of a unit. */
export type Localised = Partial<Record<Language, string>>;
export type LetterScalar = string | number | Date | Localised;
export type LetterRow = Record<string, LetterScalar | null | undefined>;
/** What fills one placeholder; `null` and `undefined` count as absent. */
export type LetterValue = LetterScalar | string[] | LetterRow[] | null | undefined;
export type LetterData = Record<string, LetterValue>;

/**
 * - `text`: words of people or of the directory; a string, or one for each language
 * - `date`: a legal day `YYYY-MM-DD`; `moment`: an instant, a `Date` or its ISO string in UTC
 * - `reference`: a number for people, e.g. `INS-2026-000017`; alone allowed in subjects
 * - `link`: an http(s) address; `sha256`: 64 hex digits; `number`: a number
 * - `code`: a code that the catalogue names under `<catalogue>.<code>`
 * - `list`: strings, each one `{{name.item}}`; `rows`: objects whose columns are declared as `name.column`
 */
export type PlaceholderType =
  'text' | 'date' | 'moment' | 'reference' | 'link' | 'sha256' | 'number' | 'code' | 'list' | 'rows';

export interface Placeholder {
  type: PlaceholderType;
  /** For `code`: the catalogue's prefix, e.g. `documentKind`. */
  catalogue?: string;
  optional: boolean;
  description: string;
}

/** One letter in one language, as its file says. */
export interface LetterTemplate {
  /** `<process>/<letter>`, e.g. `inspection/receipt`. */
  name: string;
  language: Language;
  /**
   * `letter`: goes out under an outgoing number; `document`: a paper of the case, under a number of its own; `notice`: a mail to somebody who works
   * here, without a number.
   */
  kind: 'letter' | 'document' | 'notice';
  subject: string;
  title: string;
  /** `false`, or who reviewed the wording and when: `Name, YYYY-MM-DD`. */
  reviewed: false | string;
  placeholders: Record<string, Placeholder>;
  body: string;
  /** The file as it is. */
  source: string;
  /** SHA-256 (hex) of the file: which wording a letter had. */
  sha256: string;
}

/** Placeholders that every letter has without declaring them. */
export const builtIn: Record<string, Placeholder> = {
  letterNumber: { type: 'reference', optional: false, description: "the letter's own number" },
  letterDate: { type: 'date', optional: false, description: "the letter's legal day" },
  organisation: { type: 'text', optional: false, description: 'name of the organisation' },
};

/** Where a value stands in the text between lexing and filling: private-use characters, which no template may hold. */
export const mark = { open: '\ue000', close: '\ue001' } as const;

/** Every letter of `config/letters/` by name, with the languages that it is written in, both in the order of the alphabet. */
export function writtenLetters(): Map<string, Language[]> {
  const letters = new Map<string, Language[]>();
  for (const file of readdirSync(inProject('config', 'letters'), { recursive: true, encoding: 'utf8' }).sort()) {
    const [, name, language] = /^(.+)\.([a-z]{2})\.md$/.exec(file.replaceAll('\\', '/')) ?? [];
    if (name) letters.set(name, [...(letters.get(name) ?? []), language as Language]);
  }
  return letters;
}

/** Reads and parses a letter of `config/letters/`. Throws {@link PermanentError} when there is none, or it is faulty. */
export function loadTemplate(name: string, language: string): LetterTemplate {
  const file = inProject('config', 'letters', `${name}.${language}.md`);
  if (!/^[a-z-]+\/[a-z-]+$/.test(name) || !/^[a-z]{2}$/.test(language) || !existsSync(file))
    throw new PermanentError(
      `there is no letter '${name}' in '${language}': expected config/letters/${name}.${language}.md`,
      { field: 'template' },
    );
  return parseTemplate(name, language as Language, readFileSync(file, 'utf8'));
}

const titles = new Map<string, string>();

/** The title of a letter for somebody who reads a language: in that, where it is written in it; else in Russian, which every letter is. */
export function titleOf(letter: { template: string; languages: readonly Language[] }, language: Language): string {
  const { template, languages } = letter;
  const speaks = languages.includes(language) ? language : 'ru';
  const key = `${template}.${speaks}`;
  const title = titles.get(key) ?? loadTemplate(template, speaks).title;
  titles.set(key, title);
  return title;
}

/** Parses the source of a letter. Throws {@link PermanentError} that names the file and what is wrong in it. */
export function parseTemplate(name: string, language: Language, source: string): LetterTemplate {
  const fail = (fault: string): never => {
    throw new PermanentError(`config/letters/${name}.${language}.md: ${fault}`, { field: 'template' });
  };
  const parts = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(source.replaceAll('\r\n', '\n'));
  if (!parts) return fail('expected a front matter between two lines of ---');
  if (/[\ue000\ue001]/.test(source)) return fail('private-use characters U+E000 and U+E001 are reserved');
  const [, head = '', body = ''] = parts;
  const fields: Record<string, string> = {};
  const placeholders: Record<string, Placeholder> = {};
  for (const line of head.split('\n')) {
    if (!line.trim() || line.startsWith('#')) continue;
    const [, indent = '', key = '', value = ''] = /^(\s*)([\w.]+):\s*(.*)$/.exec(line) ?? fail(`can't read '${line}'`);
    if (indent) placeholders[key] = parsePlaceholder(value) ?? fail(`'${key}' needs 'type, description'`);
    else fields[key] = value.trim();
  }
  for (const key of Object.keys(fields))
    if (!['kind', 'subject', 'title', 'reviewed', 'placeholders'].includes(key)) fail(`unknown field '${key}'`);
  const { kind = 'letter', subject = '', title = '', reviewed = '' } = fields;
  if (kind !== 'letter' && kind !== 'document' && kind !== 'notice')
    return fail("kind is 'letter', 'document' or 'notice'");
  if (!subject || !title) return fail('subject and title are needed');
  if (reviewed !== 'false' && !/^.+, \d{4}-\d{2}-\d{2}$/.test(reviewed))
    return fail("reviewed is 'false', or 'Name, YYYY-MM-DD' of the lawyer's review");
  for (const key of Object.keys(placeholders)) {
    const parent = key.includes('.') ? placeholders[key.slice(0, key.indexOf('.'))]?.type : 'rows';
    if (parent !== 'rows' && parent !== 'list')
      fail(`'${key}' is a column, but its first part is no 'rows' and no 'list'`);
    if (builtIn[key]) fail(`'${key}' is built in: don't declare it`);
  }
  const template: LetterTemplate = {
    name,
    language,
    kind,
    subject,
    title,
    reviewed: reviewed === 'false' ? false : reviewed,
    placeholders,
    body: body.trim(),
    source,
    sha256: createHash('sha256').update(source).digest('hex'),
  };
  for (const used of placeholdersOf(`${subject} ${title}`))
    if ((placeholders[used] ?? builtIn[used])?.type !== 'reference')
      fail(`subject and title carry numbers only: '${used}' is no reference`);
  const used = new Set(placeholdersOf(body));
  for (const key of used) if (!declared(template, key)) fail(`'{{${key}}}' is not declared in the front matter`);
  for (const [key, { type }] of Object.entries(placeholders))
    if (!used.has(key) && !(type === 'list' || type === 'rows') && !subject.includes(`{{${key}}}`))
      fail(`'${key}' is declared but not used`);
  return template;
}

/** The declaration of a placeholder; `<list>.item` and `<rows>.index` need none. */
export function declared(template: LetterTemplate, key: string): Placeholder | undefined {
  const own = template.placeholders[key] ?? builtIn[key];
  if (own) return own;
  const [parent = '', column = ''] = key.split('.');
  const type = template.placeholders[parent]?.type;
  if (type === 'list' && column === 'item') return { type: 'text', optional: false, description: '' };
  if ((type === 'list' || type === 'rows') && column === 'index')
    return { type: 'number', optional: false, description: '' };
  return undefined;
}

function parsePlaceholder(value: string): Placeholder | null {
  const parts = /^(\w+)(?:\((\w+)\))?(\?)?,\s*(\S.*)$/.exec(value);
  const types: readonly string[] = [
    'text',
    'date',
    'moment',
    'reference',
    'link',
    'sha256',
    'number',
    'code',
    'list',
    'rows',
  ];
  if (!parts || !types.includes(parts[1] as string) || (parts[1] === 'code') !== (parts[2] !== undefined)) return null;
  return {
    type: parts[1] as PlaceholderType,
    ...(parts[2] ? { catalogue: parts[2] } : {}),
    optional: parts[3] !== undefined,
    description: parts[4] as string,
  };
}

function placeholdersOf(source: string): string[] {
  return [...source.matchAll(/\{\{[#?^/]*([\w.]+)\}\}/g)].map(([, name]) => name as string);
}
