import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import {
  concatTransformationMatrix,
  drawObject,
  PDFArray,
  PDFDict,
  PDFDocument,
  PDFName,
  popGraphicsState,
  pushGraphicsState,
  type PDFImage,
  type PDFPage,
} from '@cantoo/pdf-lib';
import exifr from 'exifr';

/**
 * The thread of `pdf-merge.ts`: what comes from outside is parsed here, where it can be ended. Tells of each part before it looks at it,
 * then the pages of all; is answered with the front, or several in vain until its length is known, and answers with the whole.
 */

export interface MergedPart {
  content: Uint8Array;
  contentType: string;
}

/** Why a part is on no page. */
export type Unprintable = 'encrypted' | 'broken' | 'too-much';

export type FromWorker =
  | { kind: 'began'; part: number }
  | { kind: 'pages'; pages: (number | Extract<Unprintable, 'encrypted' | 'broken'>)[] }
  | { kind: 'merged'; pdf: Uint8Array };

/** Of an A4 sheet and its margin, in points. */
const sheet = { width: 595.28, height: 841.89, margin: 40 };

type Matrix = [number, number, number, number, number, number];

/** What sets a picture upright within the square of side 1 that PDF draws it in, by its orientation. */
const upright: Record<number, Matrix> = {
  1: [1, 0, 0, 1, 0, 0],
  2: [-1, 0, 0, 1, 1, 0],
  3: [-1, 0, 0, -1, 1, 1],
  4: [1, 0, 0, -1, 0, 1],
  5: [0, -1, -1, 0, 1, 1],
  6: [0, -1, 1, 0, 0, 1],
  7: [0, 1, 1, 0, 0, 0],
  8: [0, 1, -1, 0, 1, 0],
};

const port = parentPort!;
const tell = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

const { parts, skipped } = workerData as { parts: MergedPart[]; skipped: number[] };
const whole = await PDFDocument.create({ updateMetadata: false });
const pages: Extract<FromWorker, { kind: 'pages' }>['pages'] = [];
for (const [part, given] of parts.entries()) {
  if (skipped.includes(part)) {
    pages.push('broken');
    continue;
  }
  tell({ kind: 'began', part });
  pages.push(await added(given));
}
tell({ kind: 'pages', pages });
const [{ front, title, author, language, at }] = (await once(port, 'message')) as [Front];
const source = await PDFDocument.load(front);
for (const [index, page] of (await whole.copyPages(source, source.getPageIndices())).entries())
  whole.insertPage(index, page);
whole.setTitle(title, { showInWindowTitleBar: true });
whole.setAuthor(author);
whole.setCreator('Merzim');
whole.setProducer('pdf-lib');
whole.setLanguage(language);
whole.setCreationDate(at);
whole.setModificationDate(at);
const pdf = await whole.save();
tell({ kind: 'merged', pdf }, [pdf.buffer]);
port.close();

/** What stands before the parts, and what is said of the whole. */
export interface Front {
  front: Uint8Array;
  title: string;
  author: string;
  language: string;
  at: Date;
}

/** Puts a part behind what is there. A part that fails on its way leaves no page. */
async function added({ content, contentType }: MergedPart): Promise<number | 'encrypted' | 'broken'> {
  const before = whole.getPageCount();
  try {
    if (contentType === 'application/pdf') {
      const source = await PDFDocument.load(content, { updateMetadata: false });
      const own = source.getPages();
      for (const page of own) disarm(page);
      for (const page of await whole.copyPages(source, source.getPageIndices())) whole.addPage(page);
    } else if (contentType === 'image/png') draw(await whole.embedPng(content), 1);
    else draw(await whole.embedJpg(content), await orientationOf(content));
    await whole.flush();
    const count = whole.getPageCount() - before;
    return count > 0 ? count : 'broken';
  } catch (error) {
    while (whole.getPageCount() > before) whole.removePage(whole.getPageCount() - 1);
    return (error as Error).name === 'EncryptedPDFError' || /encrypted/i.test((error as Error).message)
      ? 'encrypted'
      : 'broken';
  }
}

/** Takes from a page what would run a script, open something, or reach to other pages, which would be copied with it. */
function disarm({ node }: PDFPage): void {
  node.delete(PDFName.of('AA'));
  const annotations = node.lookup(PDFName.of('Annots'));
  if (!(annotations instanceof PDFArray)) return;
  for (let index = 0; index < annotations.size(); index += 1) {
    const annotation = annotations.lookup(index);
    if (!(annotation instanceof PDFDict)) continue;
    for (const name of ['A', 'AA', 'Dest', 'P', 'Parent', 'Popup', 'IRT']) annotation.delete(PDFName.of(name));
  }
}

/** How a camera was held, as it noted (EXIF 2.3, tag 0x0112: 1 to 8); upright where it noted nothing that can be read. */
async function orientationOf(jpeg: Uint8Array): Promise<number> {
  const noted: unknown = await exifr.orientation(jpeg).catch(() => undefined);
  return typeof noted === 'number' && noted in upright ? noted : 1;
}

/** A picture, upright, as large as a sheet has room for, never larger than it is. */
function draw(image: PDFImage, orientation: number): void {
  const size = orientation > 4 ? { width: image.height, height: image.width } : image.size();
  const [width, height] = size.width > size.height ? [sheet.height, sheet.width] : [sheet.width, sheet.height];
  const room = { width: width - 2 * sheet.margin, height: height - 2 * sheet.margin };
  const scale = Math.min(1, room.width / size.width, room.height / size.height);
  const shown = { width: size.width * scale, height: size.height * scale };
  const page = whole.addPage([width, height]);
  page.pushOperators(
    pushGraphicsState(),
    concatTransformationMatrix(
      ...([shown.width, 0, 0, shown.height, (width - shown.width) / 2, height - sheet.margin - shown.height] as Matrix),
    ),
    concatTransformationMatrix(...upright[orientation]!),
    drawObject(page.node.newXObject('Image', image.ref)),
    popGraphicsState(),
  );
}
