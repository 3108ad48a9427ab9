import pdfmake, { type PdfNode } from 'pdfmake';
import { loadFonts } from './letter-pdf.js';
import type { Language } from './text.js';

/** What stands one below the other on paper; every text is plain. */
export type PaperBlock =
  | { kind: 'heading'; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'facts'; rows: readonly (readonly [name: string, value: string])[] }
  | { kind: 'table'; heads: readonly string[]; rows: readonly (readonly string[])[] };

export interface Paper {
  language: Language;
  title: string;
  author: string;
  /** Small line at the foot of each page. */
  foot: string;
  at: Date;
  /** Set where wide tables need the sheet laid across. */
  landscape?: boolean;
  /** Pages of others that will stand behind: the foot counts them. */
  pagesBehind?: number;
  blocks: readonly PaperBlock[];
}

const margin = 40;
/** Of an A4 sheet, in points. */
const sheet = { short: 595.28, long: 841.89 };
/** Left and right of each cell, in points. */
const padding = 8;
const grey = '#555555';

/** A record of a page's content as PDF (A4), in the fonts of the letters. */
export async function paperPdf(paper: Paper): Promise<Buffer> {
  return (await countedPaper(paper)).pdf;
}

/** The same with the number of its own pages. */
export async function countedPaper(paper: Paper): Promise<{ pdf: Buffer; pages: number }> {
  const { language, title, author, foot, at, landscape = false, pagesBehind = 0, blocks } = paper;
  loadFonts();
  let own = 0;
  const width = (landscape ? sheet.long : sheet.short) - 2 * margin;
  const pdf = await pdfmake
    .createPdf({
      content: [
        { text: title, bold: true, fontSize: 14, margin: [0, 0, 0, 8] },
        ...blocks.map((block) => nodeOf(block, width)),
      ],
      footer: (current, pages) => {
        own = pages;
        return {
          margin: [margin, 14, margin, 0],
          columns: [
            { text: foot, fontSize: 7, color: grey, width: '*' },
            { text: `${current} / ${pages + pagesBehind}`, fontSize: 7, color: grey, alignment: 'right', width: 60 },
          ],
        };
      },
      pageBreakBefore: (node, around) => node.headlineLevel === 2 && around.getFollowingNodesOnPage().length === 0,
      pageSize: 'A4',
      pageOrientation: landscape ? 'landscape' : 'portrait',
      pageMargins: [margin, margin, margin, 50],
      defaultStyle: { font: 'NotoSans', fontSize: 9, lineHeight: 1.15 },
      info: { title, author, creator: 'Merzim', producer: 'pdfmake', creationDate: at },
      language,
      displayTitle: true,
      version: '1.7',
    })
    .getBuffer();
  return { pdf, pages: own };
}

function nodeOf(block: PaperBlock, width: number): PdfNode {
  switch (block.kind) {
    case 'heading':
      return { text: block.text, bold: true, fontSize: 11.5, headlineLevel: 2, margin: [0, 10, 0, 4] };
    case 'paragraph':
      return { text: block.text, margin: [0, 0, 0, 5] };
    case 'facts':
      return {
        stack: block.rows.map(([name, value]) => ({
          text: [{ text: `${name}: `, color: grey }, { text: value }],
          margin: [0, 0, 0, 2],
        })),
        margin: [0, 0, 0, 5],
      };
    case 'table':
      return {
        table: {
          headerRows: 1,
          dontBreakRows: true,
          widths: widthsOf([block.heads, ...block.rows], width),
          body: [
            block.heads.map((text) => ({ text, bold: true, fontSize: 8 })),
            ...block.rows.map((row) => row.map((text) => ({ text: text, fontSize: 8 }))),
          ],
        },
        layout: 'lightHorizontalLines',
        margin: [0, 0, 0, 8],
      };
  }
}

/** Widths in points by what stands in the columns: pdfmake breaks a word that is longer than its column only where that has a width. */
function widthsOf(rows: readonly (readonly string[])[], width: number): number[] {
  const weights = (rows[0] ?? []).map((_, column) =>
    Math.min(40, Math.max(6, ...rows.map((row) => row[column]?.length ?? 0))),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const free = width - weights.length * 2 * padding;
  return weights.map((weight) => (free * weight) / total);
}
