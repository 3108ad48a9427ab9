import { pdfObjects, referenceTo, unicodeMap, type PdfObject } from './pdf-text.js';

/** One embedded font of a PDF: what each of its glyphs stands for, and the outline that draws it. */
export interface EmbeddedFont {
  /** `NotoSans-Regular`, without the mark of the subset. */
  name: string;
  /** Glyph number of each character, by the ToUnicode map (ISO 32000-1, 9.10.3). */
  glyphOf: Map<string, number>;
  /** The bytes of a glyph's outline (TrueType `glyf`); empty for a blank. Glyph 0 is the box for what the font lacks. */
  outline(glyph: number): Buffer;
}

/** The fonts embedded in a PDF as subsets of TrueType fonts with identity mapping, which is what letters have. */
export function embeddedFonts(pdf: Buffer): EmbeddedFont[] {
  const objects = pdfObjects(pdf);
  const at = (head: string | undefined, name: string): PdfObject | undefined =>
    objects.get(referenceTo(head ?? '', name) ?? '');
  return [...objects.values()]
    .filter(({ head }) => head.includes('/Subtype /Type0'))
    .map(({ head }) => {
      const descendant = objects.get(/\/DescendantFonts \[(\d+) 0 R\]/.exec(head)?.[1] ?? '');
      const file = at(at(descendant?.head, 'FontDescriptor')?.head, 'FontFile2')?.stream;
      if (!file) throw new Error(`no embedded TrueType font: ${head}`);
      const texts = unicodeMap(at(head, 'ToUnicode')?.stream?.toString('latin1') ?? '');
      return {
        name: /\/BaseFont \/(?:[A-Z]{6}\+)?([\w-]+)/.exec(head)?.[1] ?? '',
        glyphOf: new Map([...texts].map(([glyph, text]) => [text, glyph])),
        outline: outlinesOf(file),
      };
    });
}

/** Reads `head`, `loca` and `glyf` of a TrueType file (OpenType specification, 'loca'). */
function outlinesOf(file: Buffer): (glyph: number) => Buffer {
  const table = (tag: string): Buffer => {
    for (let record = 12; record < 12 + file.readUInt16BE(4) * 16; record += 16)
      if (file.toString('latin1', record, record + 4) === tag) {
        const offset = file.readUInt32BE(record + 8);
        return file.subarray(offset, offset + file.readUInt32BE(record + 12));
      }
    throw new Error(`the embedded font has no table ${tag}`);
  };
  const [loca, glyf] = [table('loca'), table('glyf')];
  const long = table('head').readInt16BE(50) === 1;
  const offset = (index: number): number => (long ? loca.readUInt32BE(index * 4) : loca.readUInt16BE(index * 2) * 2);
  return (glyph) => glyf.subarray(offset(glyph), offset(glyph + 1));
}
