import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** What PDFs need of fontkit, which reads fonts for pdfmake's pdfkit. */
interface Fontkit {
  create(file: Uint8Array): object;
  registerFormat(format: { probe(file: Uint8Array): boolean; new (stream: { buffer: Uint8Array }): object }): void;
}

const styles = {
  normal: '400Regular',
  bold: '700Bold',
  italics: '400Regular_Italic',
  bolditalics: '700Bold_Italic',
} as const;

export interface FontFile {
  style: keyof typeof styles;
  name: string;
  content: Buffer;
}

/** Begins a "font file" that only names a font which was read before; no real font begins so. */
const mark = Buffer.from('merzim:font:');

/**
 * Noto Sans, which has every letter of Kazakh, Kyrgyz and Russian, from its package. pdfkit reads its fonts anew for each document, which takes
 * two thirds of a letter's time; so each is read once here, and what pdfkit gets names it, in a format of ours. The PDFs are the same, byte for byte.
 */
export function readFonts(): FontFile[] {
  const require = createRequire(import.meta.url);
  // The very instance that pdfkit uses, wherever the package manager has put it.
  const pdfkit = createRequire(require.resolve('pdfmake')).resolve('pdfkit');
  const fontkit = createRequire(pdfkit)('fontkit') as Fontkit;
  const fonts: object[] = [];
  fontkit.registerFormat(
    class {
      static probe(file: Uint8Array): boolean {
        return mark.equals(file.subarray(0, mark.length));
      }
      constructor({ buffer }: { buffer: Uint8Array }) {
        const font = fonts[Number(Buffer.from(buffer.subarray(mark.length)).toString())]!;
        // Its tables are shared; its glyphs are not, because a glyph remembers for which letters a document used it.
        return Object.create(font, { _glyphs: { value: {} } }) as object;
      }
    },
  );
  return (Object.keys(styles) as (keyof typeof styles)[]).map((style) => {
    const name = `NotoSans_${styles[style]}.ttf`;
    const file = require.resolve(`@expo-google-fonts/noto-sans/${styles[style]}/${name}`);
    const index = fonts.push(fontkit.create(readFileSync(file))) - 1;
    return { style, name, content: Buffer.concat([mark, Buffer.from(String(index))]) };
  });
}
