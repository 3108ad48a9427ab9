import { titleOf } from '../../core/letter-template.js';
import { countedPaper, type PaperBlock } from '../../core/paper-pdf.js';
import { mergePdf, type Front, type MergedPart, type Unprintable } from '../../core/pdf-merge.js';
import type { Services } from '../../core/services.js';
import { SubjectErasedError } from '../../core/vault.js';
import { casePaper, type Printed } from './paper.js';

/** So much of letters and documents goes into one print, in bytes; what is beyond is named in its index. */
const mostBytes = 100 * 1024 * 1024;

const printable = new Set(['application/pdf', 'image/png', 'image/jpeg']);

/** Why a letter or a document is named and not printed; the catalogue's key is `print.<reason>`. */
type Reason = Unprintable | 'erased' | 'type' | 'not-composed';

/** A letter or a document of the case, with its content or why it has none here. */
interface Item {
  name: string;
  sha256: string | null;
  part: MergedPart | Reason;
}

/**
 * A whole case file as one PDF: an index with the page and the SHA-256 of everything, the file as its page shows it, then each letter and each
 * document that is a PDF or a picture, as they are. What can't be printed is named with the reason. Of what the reader may not see, it is said
 * that it is left out.
 */
export async function wholePrint(
  services: Pick<Services, 'files'>,
  printed: Printed,
  can: ReadonlySet<string>,
): Promise<Buffer> {
  const items = await itemsOf(services, printed, can);
  const parts = items.flatMap(({ part }) => (typeof part === 'string' ? [] : [part]));
  return mergePdf(parts, (pages) => frontOf(printed, can, items, pages));
}

async function itemsOf(
  services: Pick<Services, 'files'>,
  { text, file }: Printed,
  can: ReadonlySet<string>,
): Promise<Item[]> {
  let left = mostBytes;
  const contentOf = async (fileId: string): Promise<Item['part']> => {
    try {
      const { stream, bytes, contentType } = await services.files.open(fileId);
      if (!printable.has(contentType) || bytes > left) {
        stream.destroy();
        return printable.has(contentType) ? 'too-much' : 'type';
      }
      left -= bytes;
      return { content: Buffer.concat(await stream.toArray()), contentType };
    } catch (error) {
      if (error instanceof SubjectErasedError) return 'erased';
      throw error;
    }
  };
  const items: Item[] = [];
  for (const letter of can.has('letters.read') ? file.letters : [])
    items.push({
      name: `${letter.number}. ${titleOf(letter, text.language)}`,
      sha256: letter.pdfSha256,
      part: letter.pdfFileId === null ? 'not-composed' : await contentOf(letter.pdfFileId),
    });
  for (const { name, fileId, sha256 } of can.has('document.read') ? file.documents : [])
    items.push({ name, sha256, part: await contentOf(fileId) });
  return items;
}

/** Index and file; made anew until the pages that the index names are those that it has itself pushed the others to. */
async function frontOf(
  printed: Printed,
  can: ReadonlySet<string>,
  items: readonly Item[],
  pages: readonly (number | Unprintable)[],
): Promise<Front> {
  const paper = casePaper(printed);
  const pagesBehind = pages.reduce<number>((sum, each) => sum + (typeof each === 'number' ? each : 0), 0);
  for (let guess = 2, tries = 0; ; tries += 1) {
    const blocks = [...index(printed, can, items, pages, guess), ...paper.blocks];
    const { pdf, pages: own } = await countedPaper({ ...paper, pagesBehind, blocks });
    const { title, author, language, at } = paper;
    // An index that grows and shrinks with its own numbers is off by one page at most.
    if (own === guess || tries === 3) return { front: pdf, title, author, language, at };
    guess = own;
  }
}

function index(
  { text }: Printed,
  can: ReadonlySet<string>,
  items: readonly Item[],
  pages: readonly (number | Unprintable)[],
  own: number,
): PaperBlock[] {
  let behind = own;
  let merged = 0;
  const rows = items.map(({ name, sha256, part }, row) => {
    const found = typeof part === 'string' ? part : (pages[merged++] as number | Unprintable);
    const place = typeof found === 'string' ? text.say(`print.${found}`) : range(behind + 1, behind + found);
    if (typeof found === 'number') behind += found;
    return [String(row + 2), name ?? '—', sha256 ?? '—', place];
  });
  const leftOut = (['letters.read', 'document.read'] as const).filter((right) => !can.has(right));
  return [
    { kind: 'heading', text: text.say('print.index') },
    {
      kind: 'table',
      heads: ['№', text.say('print.what'), 'SHA-256', text.say('print.pages')],
      rows: [['1', text.say('print.file'), '—', range(1, own)], ...rows],
    },
    ...leftOut.map((right) => ({ kind: 'paragraph' as const, text: text.say(`print.without.${right}`) })),
  ];
}

const range = (first: number, last: number): string => (first === last ? String(first) : `${first}–${last}`);
