import { inflateSync } from 'node:zlib';

/**
 * The text of a PDF as a reader would copy it: the shown glyphs of each page, translated by the ToUnicode map of their font
 * (ISO 32000-1, 9.10.3). Enough for files with embedded subset fonts and plain objects, which is what letters are.
 */
export function pdfText(pdf: Buffer): {
  pages: string[];
  language: string | null;
  title: string | null;
  /** Whether a viewer shows the title instead of the file's name. */
  displaysTitle: boolean;
} {
  const objects = pdfObjects(pdf);
  const catalog = [...objects.values()].find(({ head }) => /\/Type \/Catalog/.test(head))?.head ?? '';
  const info = [...objects.values()].find(({ head }) => /\/Producer/.test(head) && /\/Title/.test(head))?.head ?? '';
  const pages = [...objects.values()]
    .filter(({ head }) => /\/Type \/Page\b(?!s)/.test(head))
    .map((page) => pageText(page.head, objects));
  const direct = (head: string, name: string): string => objects.get(referenceTo(head, name) ?? '')?.head ?? head;
  return {
    pages,
    language: stringOf(direct(catalog, 'Lang'), 'Lang'),
    title: stringOf(direct(info, 'Title'), 'Title'),
    displaysTitle: /\/DisplayDocTitle true/.test(catalog + direct(catalog, 'ViewerPreferences')),
  };
}

/** What stands for a glyph without a text, and for glyph 0, the box that a font shows for a letter that it lacks. */
const missing = '\ufffd';

export interface PdfObject {
  head: string;
  stream: Buffer | null;
}

/** The objects of a PDF by number: the dictionary as text, the stream unpacked. */
export function pdfObjects(pdf: Buffer): Map<string, PdfObject> {
  const raw = pdf.toString('latin1');
  const objects = new Map<string, PdfObject>();
  for (const match of raw.matchAll(/(?:^|\n)(\d+) 0 obj\n([\s\S]*?)\nendobj/g)) {
    const body = match[2] as string;
    const at = body.indexOf('stream\n');
    const head = at < 0 ? body : body.slice(0, at);
    const bytes = at < 0 ? null : Buffer.from(body.slice(at + 7, body.lastIndexOf('\nendstream')), 'latin1');
    objects.set(match[1] as string, {
      head,
      stream: bytes && /\/FlateDecode/.test(head) ? inflateSync(bytes) : bytes,
    });
  }
  return objects;
}

/** The number of the object that a dictionary refers to by name. */
export const referenceTo = (head: string, name: string): string | undefined =>
  new RegExp(`/${name} (\\d+) 0 R`).exec(head)?.[1];

function pageText(page: string, objects: Map<string, PdfObject>): string {
  const resources = objects.get(referenceTo(page, 'Resources') ?? '')?.head ?? page;
  const fonts = new Map<string, Map<number, string>>();
  for (const [, name, id] of (/\/Font <<([\s\S]*?)>>/.exec(resources)?.[1] ?? '').matchAll(/\/(\w+) (\d+) 0 R/g)) {
    const map = objects.get(referenceTo(objects.get(id as string)?.head ?? '', 'ToUnicode') ?? '')?.stream;
    fonts.set(name as string, unicodeMap(map?.toString('latin1') ?? ''));
  }
  const content = objects.get(referenceTo(page, 'Contents') ?? '')?.stream?.toString('latin1') ?? '';
  let font = new Map<number, string>();
  let text = '';
  for (const [, name, shown] of content.matchAll(/\/(\w+) [\d.]+ Tf|\[((?:<[0-9a-f]*>|[\s\d.-])*)\] TJ/gi)) {
    if (name) font = fonts.get(name) ?? new Map<number, string>();
    else
      for (const [, hex] of (shown ?? '').matchAll(/<([0-9a-f]*)>/gi))
        for (const glyph of (hex as string).match(/.{4}/g) ?? [])
          text += glyph === '0000' ? missing : (font.get(Number.parseInt(glyph, 16)) ?? missing);
  }
  return text;
}

/** Glyph number to text, of a ToUnicode CMap. */
export function unicodeMap(source: string): Map<number, string> {
  const map = new Map<number, string>();
  const decode = (hex: string): string => Buffer.from(hex.replace(/\s/g, ''), 'hex').swap16().toString('utf16le');
  for (const [, block] of source.matchAll(/beginbfrange([\s\S]*?)endbfrange/g))
    for (const [, from, , list] of (block as string).matchAll(/<([\da-f]+)>\s*<([\da-f]+)>\s*\[([^\]]*)\]/gi))
      [...(list as string).matchAll(/<([\da-f\s]+)>/gi)].forEach(([, hex], index) =>
        map.set(Number.parseInt(from as string, 16) + index, decode(hex as string)),
      );
  return map;
}

function stringOf(head: string, name: string): string | null {
  const literal = new RegExp(`(?:/${name} |^)\\(((?:\\\\[\\s\\S]|[^\\\\)])*)\\)`).exec(head)?.[1];
  if (literal === undefined) return null;
  const bytes = Buffer.from(
    literal.replace(
      /\\([nrtbf()\\])/g,
      (_, character: string) => ({ n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' })[character] ?? character,
    ),
    'latin1',
  );
  return bytes[0] === 0xfe && bytes[1] === 0xff
    ? bytes.subarray(2).swap16().toString('utf16le')
    : bytes.toString('latin1');
}
