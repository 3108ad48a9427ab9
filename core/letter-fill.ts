import { marked, type Token, type Tokens } from 'marked';
import { PermanentError } from './errors.js';
import { isLocalised, momentOf } from './letter-data.js';
import {
  declared,
  mark,
  type LetterData,
  type LetterRow,
  type LetterTemplate,
  type LetterValue,
  type Localised,
  type Placeholder,
} from './letter-template.js';
import type { Text } from './text.js';

interface Style {
  bold?: boolean;
  italic?: boolean;
  code?: boolean;
  /** Not to be broken over two lines: a number for people. */
  whole?: boolean;
  href?: string;
}

/** A run of text. What came from a value is a run of its own: it never was Markdown, so it can't become markup. */
export type Inline = ({ kind: 'text'; text: string } & Style) | { kind: 'break' };

export type Block =
  | { kind: 'heading'; level: number; inlines: Inline[] }
  | { kind: 'paragraph'; inlines: Inline[] }
  | { kind: 'list'; ordered: boolean; items: Block[][] }
  | { kind: 'table'; header: Inline[][]; rows: Inline[][][] }
  | { kind: 'rule' };

/** A letter in one language with its values in place, still without a form. */
export interface FilledLetter {
  language: LetterTemplate['language'];
  subject: string;
  title: string;
  blocks: Block[];
}

interface Filled extends Style {
  text: string;
}

/**
 * Fills a letter. `data` must have passed checkData; `own` holds the built-in placeholders.
 * Values never pass through the Markdown parser: the template is lexed with marks in their place, and the marks are replaced after.
 */
export function fillTemplate(
  template: LetterTemplate,
  data: LetterData,
  own: { letterNumber: string; letterDate: string; organisation: Localised | string },
  text: Text,
): FilledLetter {
  const values: Filled[] = [];
  const all: LetterData = { ...data, ...own };
  const lookUp = (key: string, row: { name: string; value: LetterRow } | null): LetterValue => {
    if (row && key.startsWith(`${row.name}.`)) return row.value[key.slice(row.name.length + 1)];
    return all[key];
  };
  const place = (key: string, row: { name: string; value: LetterRow } | null): string => {
    const placeholder = declared(template, key) as Placeholder;
    const value = lookUp(key, row);
    if (value === undefined || value === null) {
      if (placeholder.optional) return '';
      throw new PermanentError(`letter ${template.name}: '{{${key}}}' stands outside of its list`, {
        field: 'template',
      });
    }
    values.push(shown(placeholder, value, text));
    return `${mark.open}${values.length - 1}${mark.close}`;
  };
  const expand = (source: string, row: { name: string; value: LetterRow } | null): string => {
    let out = '';
    let rest = source;
    for (;;) {
      const open = /^[ \t]*\{\{([#?^])([\w.]+)\}\}[ \t]*\n|\{\{([#?^])([\w.]+)\}\}/m.exec(rest);
      const head = open ? rest.slice(0, open.index) : rest;
      out += head.replace(/\{\{([\w.]+)\}\}/g, (_, key: string) => place(key, row));
      if (!open) return out;
      const kind = open[1] ?? open[3];
      const key = (open[2] ?? open[4]) as string;
      rest = rest.slice(open.index + open[0].length);
      const end = `\\{\\{/${kind === '#' ? '' : `\\${kind}`}${key.replaceAll('.', '\\.')}\\}\\}`;
      const close = new RegExp(`^[ \\t]*${end}[ \\t]*\\n|${end}`, 'm').exec(rest);
      if (!close)
        throw new PermanentError(`letter ${template.name}: '{{${kind}${key}}}' is not closed`, { field: 'template' });
      const inner = rest.slice(0, close.index);
      rest = rest.slice(close.index + close[0].length);
      const value = lookUp(key, row);
      if (kind === '#' && !Array.isArray(value) && value !== undefined && value !== null)
        throw new PermanentError(`letter ${template.name}: '{{#${key}}}' is no list: write {{?${key}}}`, {
          field: 'template',
        });
      const present = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null;
      if (kind === '#' && Array.isArray(value))
        value.forEach((item, index) => {
          out += expand(inner, {
            name: key,
            value: { ...(typeof item === 'string' ? { item } : item), index: index + 1 },
          });
        });
      else if (kind === '?' ? present : kind === '^' && !present) out += expand(inner, row);
    }
  };
  const plain = (source: string): string =>
    source.replace(
      /\{\{([\w.]+)\}\}/g,
      (_, key: string) => shown(declared(template, key) as Placeholder, all[key], text).text,
    );
  const markdown = expand(`${template.body}\n`, null).replaceAll('№ ', '№\u00a0');
  const [, stray] = /(\{\{[^}]*\}?\}?)/.exec(markdown) ?? [];
  if (stray) throw new PermanentError(`letter ${template.name}: '${stray}' has no beginning`, { field: 'template' });
  return {
    language: template.language,
    subject: plain(template.subject),
    title: plain(template.title),
    blocks: blocksOf(lex(markdown), values, `letter ${template.name} (${template.language})`),
  };
}

/**
 * Markdown without placeholders, as what letters may consist of: headings, paragraphs, lists, tables, links, emphasis. `where` names the file in
 * the error. @throws PermanentError for anything else, raw HTML and images among it.
 */
export function readMarkdown(markdown: string, where: string): Block[] {
  return blocksOf(lex(markdown), [], where);
}

const lex = (markdown: string): Token[] => marked.lexer(markdown, { gfm: true, breaks: true });

/** A value as a reader sees it. */
function shown(placeholder: Placeholder, value: LetterValue, text: Text): Filled {
  switch (placeholder.type) {
    case 'date':
      return { text: text.date(value as string) };
    case 'moment':
      return { text: text.moment(momentOf(value) as Date) };
    case 'number':
      return { text: text.number(value as number) };
    case 'code':
      return { text: text.say(`${placeholder.catalogue}.${value as string}`) };
    case 'link':
      return { text: value as string, href: value as string };
    case 'reference':
      return { text: value as string, whole: true };
    case 'sha256':
      return { text: value as string, code: true };
    default:
      return { text: clean((isLocalised(value) ? value[text.language] : (value as string)) ?? '') };
  }
}

/** Without control characters and without those that turn the reading direction: they can make a line read as another. */
function clean(value: string): string {
  return value
    .normalize('NFC')
    .replaceAll('\r\n', '\n')
    .replaceAll('\t', ' ')
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff]/gu, (character) => (character === '\n' ? '\n' : ''))
    .trim();
}

function blocksOf(tokens: Token[], values: Filled[], where: string): Block[] {
  const refuse = (type: string): never => {
    throw new PermanentError(`${where}: '${type}' is no part of a letter or a help page`, { field: 'template' });
  };
  const blocks: Block[] = [];
  for (const token of tokens as Tokens.Generic[]) {
    if (token.type === 'space') continue;
    const inlines = (from: Token[] | undefined): Inline[] => inlinesOf(from ?? [], values, refuse);
    if (token.type === 'heading')
      blocks.push({ kind: 'heading', level: token['depth'] as number, inlines: inlines(token.tokens) });
    else if (token.type === 'paragraph' || token.type === 'text')
      blocks.push({ kind: 'paragraph', inlines: inlines(token.tokens) });
    else if (token.type === 'hr') blocks.push({ kind: 'rule' });
    else if (token.type === 'list') {
      const list = token as Tokens.List;
      blocks.push({
        kind: 'list',
        ordered: list.ordered,
        items: list.items.map((item) => blocksOf(item.tokens, values, where)),
      });
    } else if (token.type === 'table') {
      const table = token as Tokens.Table;
      blocks.push({
        kind: 'table',
        header: table.header.map((cell) => inlines(cell.tokens)),
        rows: table.rows.map((row) => row.map((cell) => inlines(cell.tokens))),
      });
    } else refuse(token.type);
  }
  return blocks;
}

function inlinesOf(tokens: Token[], values: Filled[], refuse: (type: string) => never): Inline[] {
  const inlines: Inline[] = [];
  const walk = (from: Token[], style: Style): void => {
    for (const token of from as Tokens.Generic[]) {
      if (token.type === 'strong') walk(token.tokens ?? [], { ...style, bold: true });
      else if (token.type === 'em') walk(token.tokens ?? [], { ...style, italic: true });
      else if (token.type === 'link') walk(token.tokens ?? [], { ...style, href: token['href'] as string });
      else if (token.type === 'br') inlines.push({ kind: 'break' });
      else if (token.type === 'codespan') push(token['text'] as string, { ...style, code: true });
      else if (token.type === 'text' || token.type === 'escape') push(token['text'] as string, style);
      else refuse(token.type);
    }
  };
  const push = (source: string, style: Style): void => {
    source.split(/\ue000(\d+)\ue001/).forEach((part, index) => {
      const value = index % 2 ? (values[Number(part)] as Filled) : null;
      const lines = value ? value.text.split('\n') : [part.replaceAll('\n', ' ')];
      lines.forEach((line, nth) => {
        if (nth > 0) inlines.push({ kind: 'break' });
        if (line) inlines.push({ kind: 'text', ...style, ...value, text: line });
      });
    });
  };
  walk(tokens, {});
  return inlines;
}
