import type { Organisation } from '../config/index.js';
import { PermanentError } from './errors.js';
import { checkData } from './letter-data.js';
import { fillTemplate, type Block, type FilledLetter, type Inline } from './letter-fill.js';
import { letterPdf } from './letter-pdf.js';
import type { LetterData, LetterTemplate, Localised } from './letter-template.js';
import { localDay } from './legal-day.js';
import { createText, type Text } from './text.js';

/** What a letter needs to be put on paper, beside its wording. */
export interface LetterContent {
  /** One template for each language, in the order in which the languages stand in the letter. */
  templates: LetterTemplate[];
  /** The letter's own number, e.g. `OUT-2026-000123`. */
  number: string;
  /** When it was composed: its legal day, and the PDF's creation date. */
  at: Date;
  /** Name of the addressee, above the text; null for papers of the case. */
  addressee: string | Localised | null;
  /** Number of the letter that this one answers. */
  replyNumber: string | null;
  data: LetterData;
  organisation: Pick<Organisation, 'name' | 'fictional' | 'languages' | 'timeZone'>;
}

export interface RenderedMail {
  subject: string;
  html: string;
  text: string;
}

interface Part {
  filled: FilledLetter;
  reference: string[];
  addressee: string | null;
  notice: string | null;
}

/** Checks a letter's data in each of its languages, without rendering. Throws PermanentError that names what is wrong. */
export function checkLetter(
  templates: LetterTemplate[],
  data: LetterData,
  organisation: Pick<Organisation, 'timeZone'>,
): void {
  if (templates.length === 0) throw new PermanentError('languages: a letter has at least one', { field: 'languages' });
  for (const template of templates) checkData(template, data, createText(template.language, organisation));
}

/** The letter as PDF: letterhead, number, date, addressee, text, page numbers. */
export function renderPdf(content: LetterContent): Promise<Buffer> {
  const parts = partsOf(content);
  return letterPdf({
    letterhead: letterhead(content.organisation),
    number: content.number,
    at: content.at,
    parts: parts.map(({ filled, ...part }) => ({
      ...part,
      language: filled.language,
      title: filled.title,
      blocks: filled.blocks,
    })),
  });
}

/** The letter as the subject, HTML and plain text of a mail; all languages one below the other. */
export function renderMail(content: LetterContent): RenderedMail {
  const parts = partsOf(content);
  const names = letterhead(content.organisation);
  return {
    subject: parts.map(({ filled }) => filled.subject).join(' / '),
    html: htmlOf(parts, names),
    text: parts.map((part) => textOf(part, names)).join(`\n\n${'='.repeat(60)}\n\n`),
  };
}

/** The organisation's names in the languages it works in, each once. */
function letterhead({ name, languages }: LetterContent['organisation']): string[] {
  const names: Localised = name;
  return [...new Set(languages.map((language) => names[language]).filter((value) => value !== undefined))];
}

function partsOf(content: LetterContent): Part[] {
  checkLetter(content.templates, content.data, content.organisation);
  const { number, at, addressee, replyNumber, data, organisation } = content;
  return content.templates.map((template) => {
    const text = createText(template.language, organisation);
    const letterDate = localDay(at, organisation.timeZone);
    return {
      filled: fillTemplate(
        template,
        data,
        { letterNumber: number, letterDate, organisation: (organisation.name as Localised)[template.language] ?? '' },
        text,
      ),
      reference: referenceOf(template, text, number, letterDate, replyNumber),
      addressee: typeof addressee === 'string' ? addressee : (addressee?.[template.language] ?? null),
      notice: noticeOf(template, text, organisation.fictional),
    };
  });
}

function referenceOf(
  template: LetterTemplate,
  text: Text,
  number: string,
  letterDate: string,
  replyNumber: string | null,
): string[] {
  if (template.kind === 'notice') return [];
  const heading = template.kind === 'letter' ? 'letter.outgoing' : 'letter.documentNumber';
  return [
    text.say(heading, { number }),
    text.date(letterDate),
    ...(replyNumber ? [text.say('letter.inReplyTo', { number: replyNumber })] : []),
  ];
}

/** Only a fictional organisation says on paper that nobody reviewed its wording; otherwise that stands in the template's source. */
function noticeOf(template: LetterTemplate, text: Text, fictional: boolean): string | null {
  if (!fictional) return null;
  return text.say(template.reviewed === false ? 'letter.fictionalUnreviewed' : 'letter.fictional');
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] as string);

const page =
  'max-width:44em;margin:0 auto;padding:1em;font-family:Noto Sans,Segoe UI,Arial,sans-serif;line-height:1.45';
const cell = 'border-bottom:1px solid #bbb;padding:.3em .6em .3em 0;text-align:left;vertical-align:top';

function htmlOf(parts: Part[], names: string[]): string {
  const [first] = parts as [Part];
  const sections = parts.map(
    ({ filled, reference, addressee, notice }) => `<section lang="${filled.language}">
<p style="font-weight:bold;border-bottom:1px solid #555;padding-bottom:.4em">${names.map(escape).join('<br>')}</p>
${reference.length > 0 ? `<p>${reference.map(escape).join('<br>')}</p>\n` : ''}${addressee ? `<p style="font-weight:bold;text-align:right">${escape(addressee)}</p>\n` : ''}<h1 style="font-size:1.15em;text-align:center">${escape(filled.title)}</h1>
${filled.blocks.map(htmlBlock).join('\n')}
${notice ? `<p style="color:#555;font-size:.8em">${escape(notice)}</p>\n` : ''}</section>`,
  );
  return `<!doctype html>
<html lang="${first.filled.language}"><head><meta charset="utf-8"><title>${escape(first.filled.title)}</title></head>
<body style="${page}">
${sections.join('\n<hr style="margin:2em 0">\n')}
</body></html>
`;
}

function htmlBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h2 style="font-size:1em">${htmlInlines(block.inlines)}</h2>`;
    case 'paragraph':
      return `<p>${htmlInlines(block.inlines)}</p>`;
    case 'rule':
      return '<hr>';
    case 'list': {
      const tag = block.ordered ? 'ol' : 'ul';
      const items = block.items.map((item) => `<li>${item.map(htmlInItem).join('')}</li>`);
      return `<${tag}>${items.join('')}</${tag}>`;
    }
    case 'table': {
      const row = (cells: Inline[][], tag: string): string =>
        `<tr>${cells.map((inlines) => `<${tag} style="${cell}">${htmlInlines(inlines)}</${tag}>`).join('')}</tr>`;
      return `<table style="border-collapse:collapse;font-size:.9em">${row(block.header, 'th')}${block.rows.map((cells) => row(cells, 'td')).join('')}</table>`;
    }
  }
}

const htmlInItem = (block: Block): string =>
  block.kind === 'paragraph' ? htmlInlines(block.inlines) : htmlBlock(block);

function htmlInlines(inlines: Inline[]): string {
  return inlines
    .map((inline) => {
      if (inline.kind === 'break') return '<br>';
      let html = escape(inline.text);
      if (inline.code) html = `<code style="word-break:break-all">${html}</code>`;
      if (inline.whole) html = `<span style="white-space:nowrap">${html}</span>`;
      if (inline.italic) html = `<em>${html}</em>`;
      if (inline.bold) html = `<strong>${html}</strong>`;
      return inline.href ? `<a href="${escape(inline.href)}">${html}</a>` : html;
    })
    .join('');
}

function textOf({ filled, reference, addressee, notice }: Part, names: string[]): string {
  return [
    names.join('\n'),
    ...(reference.length > 0 ? [reference.join('\n')] : []),
    ...(addressee ? [addressee] : []),
    filled.title,
    ...filled.blocks.map((block) => plainBlock(block)),
    ...(notice ? [notice] : []),
  ].join('\n\n');
}

function plainBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
    case 'paragraph':
      return plainInlines(block.inlines);
    case 'rule':
      return '-'.repeat(40);
    case 'list':
      return block.items
        .map(
          (item, index) =>
            `${block.ordered ? `${index + 1}.` : '-'} ${item.map(plainBlock).join('\n').replaceAll('\n', '\n  ')}`,
        )
        .join('\n');
    case 'table':
      return [block.header, ...block.rows].map((cells) => cells.map(plainInlines).join(' | ')).join('\n');
  }
}

function plainInlines(inlines: Inline[]): string {
  return inlines.map((inline) => (inline.kind === 'break' ? '\n' : inline.text)).join('');
}
