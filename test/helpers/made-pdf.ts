import { deflateSync } from 'node:zlib';
import { PDFDocument } from '@cantoo/pdf-lib';
import { pdfText } from './pdf-text.js';

/** A right PDF of some pages, each saying which it is. */
export async function madePdf(pages: number, says = 'page', password?: string): Promise<Buffer> {
  const made = await PDFDocument.create();
  for (let page = 1; page <= pages; page += 1) made.addPage([300, 200]).drawText(`${says} ${page}`);
  if (password !== undefined) made.encrypt({ userPassword: password, ownerPassword: password });
  return Buffer.from(await made.save());
}

/** A small PDF with an object stream that unpacks to `bytes`. */
export function swellingPdf(bytes: number): Buffer {
  const packed = deflateSync(Buffer.alloc(bytes, 0x20), { level: 9 });
  return Buffer.concat([
    Buffer.from(
      `%PDF-1.5\n1 0 obj\n<</Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length ${packed.length}>>\nstream\n`,
    ),
    packed,
    Buffer.from('\nendstream\nendobj\ntrailer\n<</Root 2 0 R>>\n%%EOF\n'),
  ]);
}

/** The smallest pictures there are: one pixel. */
export const pictures = {
  png: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
  jpeg: Buffer.from(
    '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=',
    'base64',
  ),
};

/** A JPEG, twice as wide as it is high, with the orientation that a camera notes (EXIF 2.3, tag 0x0112). */
export function widePicture(orientation: number): Buffer {
  const exif = Buffer.from('ffe1002245786966000049492a0008000000010012010300010000000000000000000000', 'hex');
  exif[28] = orientation;
  const picture = Buffer.from(pictures.jpeg);
  const frame = picture.indexOf(Buffer.from('ffc2', 'hex'));
  picture.writeUInt16BE(2, frame + 7);
  return Buffer.concat([picture.subarray(0, 2), exif, picture.subarray(2)]);
}

/** Sizes of the pages in points, in order; the text of those whose fonts are embedded, in the order of their objects. */
export async function readPdf(pdf: Buffer): Promise<{ sizes: [number, number][]; text: string[]; title?: string }> {
  const read = await PDFDocument.load(pdf, { updateMetadata: false });
  const sizes = read.getPages().map((page): [number, number] => [page.getWidth(), page.getHeight()]);
  const { pages: text } = pdfText(Buffer.from(await read.save({ useObjectStreams: false })));
  return { sizes, text, title: read.getTitle() };
}
