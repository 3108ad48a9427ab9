import pdfmake, { type PdfInline, type PdfNode } from 'pdfmake';
import type { Block, Inline } from './letter-fill.js';
import { readFonts } from './letter-fonts.js';
import type { Language } from './text.js';

/** One language's part of a letter, ready to be put on paper. */
export interface PdfPart {
  language: Language;
  /** Lines of the outgoing number, the date and the letter it answers. */
  reference: string[];
  addressee: string | null;
  title: string;
  blocks: Block[];
  /** Small line at the foot of each page, or null. */
  notice: string | null;
}

export interface PdfLetter {
  /** The organisation's names, side by side at the head. */
  letterhead: string[];
  number: string;
  /** Makes the file the same for the same letter: the moment it was composed. */
  at: Date;
  parts: PdfPart[];
}

const page = { width: 595.28, left: 62, right: 48, top: 48, bottom: 62 };
const contentWidth = page.width - page.left - page.right;
const grey = '#555555';
const numberColumn = 24;

let fontsLoaded = false;

/** Makes the fonts known to pdfmake, once, and keeps it from reaching for anything outside of a document. */
export function loadFonts(): void {
  if (fontsLoaded) return;
  fontsLoaded = true;
  const fonts = { normal: '', bold: '', italics: '', bolditalics: '' };
  for (const { style, name, content } of readFonts()) {
    pdfmake.virtualfs.writeFileSync(name, content);
    fonts[style] = name;
  }
  pdfmake.setFonts({ NotoSans: fonts });
  // A letter reaches for nothing outside of itself, whatever its text says.
  pdfmake.setUrlAccessPolicy(() => false);
  pdfmake.setLocalAccessPolicy(() => false);
}

/** A letter as PDF, each language beginning a page of its own. The same letter gives the same bytes. */
export async function letterPdf(letter: PdfLetter): Promise<Buffer> {
  loadFonts();
  const [first] = letter.parts;
  if (!first) throw new Error('a letter has at least one language');
  const notices = letter.parts.map(({ notice }) => notice).filter((notice) => notice !== null);
  return pdfmake
    .createPdf({
      content: letter.parts.flatMap((part, index) => partOf(part, letter.letterhead, index > 0)),
      footer: (current, pages) => ({
        margin: [page.left, 14, page.right, 0],
        columns: [
          { text: notices.join('\n'), fontSize: 6.5, color: grey, width: '*' },
          {
            text: `${letter.number}   ${current} / ${pages}`,
            fontSize: 8,
            color: grey,
            alignment: 'right',
            width: 110,
          },
        ],
      }),
      pageBreakBefore: (node, around) => node.headlineLevel === 2 && around.getFollowingNodesOnPage().length === 0,
      pageSize: 'A4',
      pageMargins: [page.left, page.top, page.right, page.bottom],
      defaultStyle: { font: 'NotoSans', fontSize: 10.5, lineHeight: 1.2 },
      info: {
        title: `${letter.number}. ${first.title}`,
        author: letter.letterhead.join(' / '),
        creator: 'Merzim',
        producer: 'pdfmake',
        creationDate: letter.at,
      },
      language: first.language,
      displayTitle: true,
      version: '1.7',
    })
    .getBuffer();
}

function partOf(part: PdfPart, letterhead: string[], newPage: boolean): PdfNode[] {
  const head: PdfNode = {
    columns: letterhead.map((name) => ({ text: name, bold: true, fontSize: 10, alignment: 'center', width: '*' })),
    columnGap: 28,
    ...(newPage ? { pageBreak: 'before' } : {}),
  };
  const reference: PdfNode = {
    columns: [
      { text: part.reference.join('\n'), fontSize: 9.5, width: '*' },
      { text: part.addressee ?? '', width: contentWidth / 2, bold: true },
    ],
    margin: [0, 10, 0, 0],
  };
  const title: PdfNode = { text: part.title, bold: true, fontSize: 12, alignment: 'center', margin: [20, 22, 20, 12] };
  return [head, { ...ruleNode(), margin: [0, 6, 0, 0] }, reference, title, ...part.blocks.map(blockNode)];
}

const ruleNode = (): PdfNode => ({
  canvas: [{ type: 'line', x1: 0, y1: 0, x2: contentWidth, y2: 0, lineWidth: 0.7, lineColor: grey }],
});

function blockNode(block: Block): PdfNode {
  switch (block.kind) {
    case 'heading':
      return { text: inlinesOf(block.inlines), bold: true, headlineLevel: 2, margin: [0, 8, 0, 4] };
    case 'paragraph':
      return { text: inlinesOf(block.inlines), margin: [0, 0, 0, 7] };
    case 'rule':
      return { ...ruleNode(), margin: [0, 6, 0, 8] };
    case 'list': {
      const items = block.items.map((item): PdfNode => ({ stack: item.map(listItemNode) }));
      return { ...(block.ordered ? { ol: items } : { ul: items }), margin: [8, 0, 0, 7] };
    }
    case 'table':
      return {
        table: {
          headerRows: 1,
          dontBreakRows: true,
          widths: columnWidths([block.header, ...block.rows]),
          body: [
            block.header.map((cell) => ({ text: inlinesOf(cell), bold: true, fontSize: 9, lineHeight: 1.1 })),
            ...block.rows.map((row) => row.map((cell) => ({ text: inlinesOf(cell), fontSize: 9, lineHeight: 1.1 }))),
          ],
        },
        layout: 'lightHorizontalLines',
        margin: [0, 0, 0, 9],
      };
  }
}

function listItemNode(block: Block): PdfNode {
  return block.kind === 'paragraph' ? { text: inlinesOf(block.inlines), margin: [0, 0, 0, 2] } : blockNode(block);
}

/** The sign of the som (U+20C0), which the italics of Noto Sans lack: it stands upright there. */
const uprightOnly = /(\u20c0+)/;

function inlinesOf(inlines: Inline[]): PdfInline[] {
  return inlines.flatMap((inline): PdfInline[] => {
    if (inline.kind === 'break') return [{ text: '\n' }];
    const style = {
      ...(inline.bold ? { bold: true } : {}),
      ...(inline.code ? { fontSize: 7.5 } : {}),
      ...(inline.whole ? { noWrap: true } : {}),
      ...(inline.href ? { link: inline.href, color: '#1a4f8b' } : {}),
    };
    if (!inline.italic) return [{ text: inline.text, ...style }];
    return inline.text
      .split(uprightOnly)
      .filter(Boolean)
      .map((text) => ({ text, ...style, italics: !uprightOnly.test(text) }));
  });
}

/** Widths in points, so that a word longer than its column is broken instead of widening the table beyond the page. */
function columnWidths(rows: Inline[][][]): number[] {
  const padding = 16;
  const lengths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? []).reduce((sum, inline) => sum + lengthOf(inline), 0))),
  );
  const isNumber = lengths.map((length) => length <= 3);
  const weights = lengths.map((length, index) => (isNumber[index] ? 0 : Math.min(Math.max(length, 10), 34)));
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const free = contentWidth - isNumber.filter(Boolean).length * numberColumn - (lengths.length - 1) * padding;
  return weights.map((weight) => (weight === 0 ? numberColumn : (free * weight) / total));
}

const lengthOf = (inline: Inline): number => (inline.kind === 'break' ? 1 : inline.text.length);
