import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { checkContent, sniffBytes } from '../../core/content-type.js';
import type { InputProblem } from '../../core/errors.js';

const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const xlsx = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** A zip archive's local entries, which is all that is looked at. */
function zip(entries: Record<string, string>): Buffer {
  const parts = Object.entries(entries).map(([name, content]) => {
    const plain = Buffer.from(content);
    const packed = deflateRawSync(plain);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(20, 4);
    header.writeUInt16LE(8, 8);
    header.writeUInt32LE(crc32(plain), 14);
    header.writeUInt32LE(packed.length, 18);
    header.writeUInt32LE(plain.length, 22);
    header.writeUInt16LE(name.length, 26);
    return Buffer.concat([header, Buffer.from(name), packed]);
  });
  return Buffer.concat([...parts, Buffer.from('PK\u0005\u0006'), Buffer.alloc(18)]);
}

const contentTypes = (main: string): string =>
  `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
  `<Override PartName="/word/document.xml" ContentType="${main}.main+xml"/></Types>`;

const files = {
  pdf: Buffer.from('%PDF-1.7\n%\u00e2\u00e3\n1 0 obj\n<<>>\nendobj\n%%EOF', 'latin1'),
  png: Buffer.concat([
    Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
    Buffer.from(
      '0000000100000001080600000' + '01f15c4890000000a49444154789c63000100000500010d0a2db40000000049454e44ae426082',
      'hex',
    ),
  ]),
  jpg: Buffer.from('ffd8ffe000104a46494600010101006000600000ffdb', 'hex'),
  word: zip({ '[Content_Types].xml': contentTypes(docx), '_rels/.rels': '<a/>', 'word/document.xml': '<w/>' }),
  wordContentTypesLast: zip({ '_rels/.rels': '<a/>', 'docProps/app.xml': '<a/>', 'word/document.xml': '<w/>' }),
  excel: zip({ '[Content_Types].xml': contentTypes(xlsx), '_rels/.rels': '<a/>', 'xl/workbook.xml': '<w/>' }),
  excelContentTypesLast: zip({ '_rels/.rels': '<a/>', 'xl/workbook.xml': '<w/>' }),
  macros: zip({
    '[Content_Types].xml': contentTypes('application/vnd.ms-word.document.macroEnabled'),
    '_rels/.rels': '<a/>',
    'word/document.xml': '<w/>',
  }),
  hiddenMacros: zip({ '_rels/.rels': '<a/>', 'word/vbaProject.bin': 'x', 'word/document.xml': '<w/>' }),
  zip: zip({ 'note.txt': 'hello' }),
  text: Buffer.from('Түсініктеме: мен ешкімге бермедім.\r\n'),
  csv: Buffer.from('\ufeffid;аты\n1;Әйгерім\n'),
  exe: Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]),
  html: Buffer.from('<?xml version="1.0"?><html><script>alert(1)</script></html>'),
  windows1251: Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]),
  utf16: Buffer.from('\ufeffhello', 'utf16le'),
  binary: Buffer.from([0x41, 0x00, 0x42, 0x01]),
};
type Sample = keyof typeof files;

describe('accepted', () => {
  test.each([
    ['pdf', 'application/pdf', 'note.pdf', 'application/pdf'],
    ['pdf', 'application/pdf; charset=binary', 'NOTE.PDF', 'application/pdf'],
    ['pdf', 'application/octet-stream', 'note.pdf', 'application/pdf'],
    ['pdf', '', 'note.pdf', 'application/pdf'],
    ['pdf', 'application/pdf', 'document', 'application/pdf'],
    ['png', 'image/png', 'scan.png', 'image/png'],
    ['jpg', 'image/jpeg', 'scan.jpeg', 'image/jpeg'],
    ['jpg', 'image/jpg', 'scan.jpg', 'image/jpeg'],
    ['word', docx, 'Түсініктеме.docx', docx],
    ['wordContentTypesLast', docx, 'a.docx', docx],
    ['excel', xlsx, 'a.xlsx', xlsx],
    ['excelContentTypesLast', xlsx, 'a.xlsx', xlsx],
    ['text', 'text/plain;charset=UTF-8', 'a.txt', 'text/plain'],
    ['csv', 'text/csv', 'a.csv', 'text/csv'],
    ['csv', 'application/vnd.ms-excel', 'a.csv', 'text/csv'],
    ['csv', 'text/plain', 'a.csv', 'text/csv'],
  ] as [Sample, string, string, string][])('%s declared as "%s", named %s', async (sample, declared, name, kept) => {
    expect(await checkContent(declared, files[sample], name)).toBe(kept);
  });

  test('a character that the first bytes cut in two', async () => {
    const text = Buffer.from('ә'.repeat(sniffBytes));
    expect(await checkContent('text/plain', text.subarray(0, 4099), 'a.txt')).toBe('text/plain');
  });

  test('a document of which only the first bytes are seen', async () => {
    const long = zip({
      '[Content_Types].xml': contentTypes(docx),
      '_rels/.rels': '<a/>',
      'word/document.xml': Array.from({ length: 50_000 }, (_, index) => index * 7919).join(' '),
    });
    expect(await checkContent(docx, long.subarray(0, 4100), 'a.docx')).toBe(docx);
  });
});

describe('refused', () => {
  test.each([
    ['exe', 'application/pdf', 'note.pdf', 'content-mismatch'],
    ['exe', 'application/octet-stream', 'note.pdf', 'content-mismatch'],
    ['exe', 'application/x-msdownload', 'note.exe', 'type-not-accepted'],
    ['exe', 'application/octet-stream', 'note.exe', 'type-not-accepted'],
    ['exe', 'application/octet-stream', 'note', 'type-not-accepted'],
    ['pdf', 'application/pdf', 'note.exe', 'extension-mismatch'],
    ['pdf', 'application/pdf', 'note.png', 'extension-mismatch'],
    ['pdf', 'image/png', 'note.pdf', 'extension-mismatch'],
    ['png', 'application/pdf', 'note.pdf', 'content-mismatch'],
    ['text', 'application/pdf', 'note.pdf', 'content-mismatch'],
    ['pdf', 'text/plain', 'note.txt', 'content-mismatch'],
    ['zip', docx, 'note.docx', 'content-mismatch'],
    ['excel', docx, 'note.docx', 'content-mismatch'],
    ['macros', docx, 'note.docx', 'content-mismatch'],
    ['hiddenMacros', docx, 'note.docx', 'content-mismatch'],
    ['macros', 'application/vnd.ms-word.document.macroEnabled.12', 'note.docm', 'type-not-accepted'],
    ['zip', 'application/zip', 'note.zip', 'type-not-accepted'],
    ['html', 'text/plain', 'note.txt', 'content-mismatch'],
    ['html', 'text/html', 'note.html', 'type-not-accepted'],
    ['windows1251', 'text/csv', 'a.csv', 'content-mismatch'],
    ['utf16', 'text/plain', 'a.txt', 'content-mismatch'],
    ['binary', 'text/plain', 'a.txt', 'content-mismatch'],
  ] as [Sample, string, string, string][])(
    '%s declared as "%s", named %s: %s',
    async (sample, declared, name, code) => {
      const problem = (await checkContent(declared, files[sample], name).catch(
        (error: unknown) => error,
      )) as InputProblem;
      expect(problem).toMatchObject({ status: 415, type: 'media-type', faults: [{ field: 'file', code }] });
    },
  );

  test('an empty file', async () => {
    await expect(checkContent('text/plain', Buffer.alloc(0), 'a.txt')).rejects.toMatchObject({
      status: 422,
      faults: [{ field: 'file', code: 'empty-file' }],
    });
  });
});
