import { expect, test } from '@jest/globals';
import { paperPdf } from '../../core/paper-pdf.js';
import { mergePdf, type MergedPart, type MergeLimits, type Unprintable } from '../../core/pdf-merge.js';
import { pdf as brokenPdf } from '../helpers/api-site.js';
import { madePdf, pictures, readPdf, swellingPdf, widePicture } from '../helpers/made-pdf.js';

/** PDFs and pictures of others become one PDF; what can't be read costs nothing but its own pages. */

const at = new Date('2026-11-20T06:00:00Z');
const limits: MergeLimits = { stepMs: 30_000, memoryBytes: 1024 ** 3 };

async function merged(parts: MergedPart[], within = limits) {
  let told: readonly (number | Unprintable)[] = [];
  const pdf = await mergePdf(
    parts,
    async (pages) => {
      told = pages;
      const front = await paperPdf({
        ...{ language: 'ru', title: 'Дело', author: 'ЦОН', foot: '', at },
        blocks: [{ kind: 'paragraph', text: 'Опись' }],
      });
      return { front, title: 'Дело', author: 'ЦОН', language: 'ru', at };
    },
    within,
  );
  return { told, pdf, ...(await readPdf(pdf)) };
}
const part = (content: Buffer, contentType = 'application/pdf'): MergedPart => ({ content, contentType });

test('pages stand in order behind the front, in their own size; pictures on a sheet', async () => {
  const { told, sizes, text, title } = await merged([
    part(await madePdf(2)),
    part(pictures.png, 'image/png'),
    part(await madePdf(1)),
    part(pictures.jpeg, 'image/jpeg'),
  ]);
  expect(told).toEqual([2, 1, 1, 1]);
  expect(sizes.map((size) => size.map(Math.round))).toEqual([
    [595, 842],
    [300, 200],
    [300, 200],
    [595, 842],
    [300, 200],
    [595, 842],
  ]);
  expect(text.join('')).toContain('Опись');
  expect(title).toBe('Дело');
});

test.each([
  [1, [842, 595]],
  [3, [842, 595]],
  [6, [595, 842]],
  [8, [595, 842]],
  [9, [842, 595]],
])('a picture that a camera noted orientation %p of lies on the sheet as it was seen', async (orientation, size) => {
  const { told, sizes } = await merged([part(widePicture(orientation), 'image/jpeg')]);
  expect(told).toEqual([1]);
  expect(sizes[1]!.map(Math.round)).toEqual(size);
});

test('what is encrypted, broken, or no picture at all is told, and the rest is merged', async () => {
  const { told, sizes } = await merged([
    part(await madePdf(1, 'page', 'secret')),
    part(brokenPdf()),
    part(Buffer.from('%PDF-1.7 and nothing more')),
    part((await madePdf(3)).subarray(0, 300)),
    part(Buffer.from('not a picture'), 'image/png'),
    part(await madePdf(1)),
  ]);
  expect(told).toEqual(['encrypted', 'broken', 'broken', 'broken', 'broken', 1]);
  expect(sizes).toHaveLength(2);
});

test('a small file that unpacks to gigabytes ends its thread, not the process', async () => {
  const bomb = swellingPdf(600 * 1024 ** 2);
  expect(bomb.length).toBeLessThan(1024 ** 2);
  const { told, sizes } = await merged([part(await madePdf(1)), part(bomb), part(await madePdf(1))], {
    ...limits,
    memoryBytes: 300 * 1024 ** 2,
  });
  expect(told).toEqual([1, 'too-much', 1]);
  expect(sizes).toHaveLength(3);
}, 60_000);

test('one that takes too long is told too', async () => {
  const { told } = await merged([part(await madePdf(4000))], { ...limits, stepMs: 100 });
  expect(told).toEqual(['too-much']);
}, 60_000);

test('nothing of a page runs a script or opens anything', async () => {
  const { PDFDocument, PDFName, PDFString } = await import('@cantoo/pdf-lib');
  const made = await PDFDocument.create();
  const page = made.addPage();
  const script = made.context.obj({ S: 'JavaScript', JS: PDFString.of('app.alert("canary-script")') });
  page.node.set(PDFName.of('AA'), made.context.obj({ O: script }));
  const link = made.context.obj({ Type: 'Annot', Subtype: 'Link', Rect: [0, 0, 9, 9], A: script });
  page.node.set(PDFName.of('Annots'), made.context.obj([link]));
  const whole = await merged([part(Buffer.from(await made.save()))]);
  const plain = await (await PDFDocument.load(whole.pdf)).save({ useObjectStreams: false });
  expect(whole.told).toEqual([1]);
  expect(Buffer.from(plain).toString('latin1')).not.toMatch(/JavaScript|canary-script/);
});
