import { fileTypeFromBuffer } from 'file-type';
import { InputProblem } from './errors.js';

/** What a document may be: its media type, its file names' endings, and other names under which browsers declare it. */
const allowed = [
  { type: 'application/pdf', extensions: ['pdf'], aliases: ['application/x-pdf'] },
  { type: 'image/png', extensions: ['png'], aliases: [] },
  { type: 'image/jpeg', extensions: ['jpg', 'jpeg'], aliases: ['image/jpg', 'image/pjpeg'] },
  {
    type: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    extensions: ['docx'],
    aliases: [],
  },
  { type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', extensions: ['xlsx'], aliases: [] },
  { type: 'text/plain', extensions: ['txt'], aliases: [] },
  // Windows with Excel declares CSV files as its own
  { type: 'text/csv', extensions: ['csv'], aliases: ['application/csv', 'application/vnd.ms-excel', 'text/plain'] },
] as const;

/** The media types that a document can have. */
export const documentTypes: readonly string[] = allowed.map(({ type }) => type);

/** How many first bytes of a file {@link checkContent} wants to see; it judges by fewer when the file is shorter. */
export const sniffBytes = 64 * 1024;

const allowedNames = 'PDF, PNG, JPEG, DOCX, XLSX, TXT, CSV';
const undeclared = new Set(['', 'application/octet-stream', 'binary/octet-stream']);

/**
 * Checks by its content that a file is what it is said to be: media type as declared, ending of its name, first bytes (whole text files
 * have to be UTF-8). Returns the media type to keep. Throws an InputProblem on the field `file`: 415 `media-type` for a type that is not
 * accepted or content that is something else, 422 `validation` for an empty file.
 */
export async function checkContent(declaredType: string, firstBytes: Uint8Array, filename: string): Promise<string> {
  if (firstBytes.length === 0) throw new InputProblem(422, 'validation', [{ field: 'file', code: 'empty-file' }]);
  const declared = (declaredType.split(';')[0] ?? '').trim().toLowerCase();
  const extension = /\.([^.]+)$/.exec(filename)?.[1]?.toLowerCase() ?? '';
  const byName = allowed.find(({ extensions }) => (extensions as readonly string[]).includes(extension));
  const said = undeclared.has(declared)
    ? byName
    : byName && (byName.aliases as readonly string[]).includes(declared)
      ? byName
      : allowed.find(({ type, aliases }) => type === declared || (aliases as readonly string[]).includes(declared));
  if (!said) throw refused('type-not-accepted', { accepted: allowedNames });
  // A name without an ending says nothing against the type.
  if (extension !== '' && said !== byName) throw refused('extension-mismatch', { extension, type: said.type });
  const found = await typeOf(firstBytes);
  const isText = said.type.startsWith('text/');
  if (isText ? found !== 'text' : found !== said.type) throw refused('content-mismatch', { type: said.type });
  return said.type;
}

function refused(code: string, params: Record<string, string>): InputProblem {
  return new InputProblem(415, 'media-type', [{ field: 'file', code, params }]);
}

/** Media type by content; 'text' for readable UTF-8 of no other type; null for anything else. */
async function typeOf(bytes: Uint8Array): Promise<string | null> {
  const detected = await fileTypeFromBuffer(bytes);
  if (detected?.mime === 'application/zip') return officeType(bytes);
  if (detected) return detected.mime;
  return isReadableText(bytes) ? 'text' : null;
}

/** Readable UTF-8, as far as the bytes go: a character may be cut at the end, control characters other than white space may not occur. */
function isReadableText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return !/[\u0000-\u0008\u000b\u000e-\u001f\u007f\ufffe\uffff]/.test(text);
  } catch {
    return false;
  }
}

/**
 * DOCX or XLSX by the names of its first entries: some office programs put `[Content_Types].xml`, by which it could be told surely, at
 * the end of the file, where it can't be seen. Null for any other archive, and where macros are seen.
 */
function officeType(bytes: Uint8Array): string | null {
  const names = zipEntryNames(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (!names.some((name) => name === '[Content_Types].xml' || name === '_rels/.rels')) return null;
  if (names.some((name) => name.endsWith('vbaProject.bin'))) return null;
  if (names.some((name) => name.startsWith('word/'))) {
    return 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
  }
  if (names.some((name) => name.startsWith('xl/'))) {
    return 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
  }
  return null;
}

function zipEntryNames(bytes: Buffer): string[] {
  const names: string[] = [];
  const header = Buffer.from('PK\u0003\u0004', 'latin1');
  for (let at = bytes.indexOf(header); at >= 0 && at + 30 <= bytes.length; at = bytes.indexOf(header, at + 4)) {
    const nameBytes = bytes.readUInt16LE(at + 26);
    if (at + 30 + nameBytes > bytes.length) break;
    names.push(bytes.toString('utf8', at + 30, at + 30 + nameBytes));
  }
  return names;
}
