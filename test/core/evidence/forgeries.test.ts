import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Archive, writeArchive, type ArchiveFile } from '../../../core/evidence/archive.js';
import { verifyExport, type Verification } from '../../../core/evidence/verify.js';
import { madeExport, type Making } from '../../../local/bench/made-export.js';

/** What somebody could hand over who knows the format, and has everything but the key. */

let folder: string;
let publicKey: string;
let keys: { privateKey: KeyObject; publicKey: KeyObject };
const entries = 12;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'merzim-forgeries-'));
  keys = generateKeyPairSync('ed25519');
  publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}
const made = (making: Partial<Making> = {}): Promise<Buffer> => collect(madeExport({ entries, keys, ...making }));

let files = 0;
function check(content: Uint8Array, options: Parameters<typeof verifyExport>[1] = { publicKey }): Verification {
  const file = path.join(folder, `${(files += 1)}.zip`);
  writeFileSync(file, content);
  return verifyExport(file, options);
}

/** The files of an archive as text. */
function unpack(content: Uint8Array): Map<string, string> {
  const file = path.join(folder, `unpacked-${(files += 1)}.zip`);
  writeFileSync(file, content);
  const archive = new Archive(file);
  const found = new Map<string, string>();
  for (const member of archive.members)
    found.set(member.path, Buffer.concat([...member.content()].map((chunk) => Buffer.from(chunk))).toString('utf8'));
  archive.close();
  return found;
}
const pack = (texts: Iterable<[string, string]>): Promise<Buffer> =>
  collect(writeArchive([...texts].map(([name, text]): ArchiveFile => ({ path: name, content: [Buffer.from(text)] }))));

/** An export whose file was changed by somebody who set every length and checksum of the archive right again. */
async function changed(name: string, change: (text: string) => string): Promise<Verification> {
  const texts = unpack(await made());
  texts.set(name, change(texts.get(name)!));
  return check(await pack(texts));
}
const trail = 'trail/entries.jsonl';
const onLines = (change: (lines: string[]) => string[]) => (text: string) =>
  `${change(text.trimEnd().split('\n')).join('\n')}\n`;

test('what was not touched holds', async () => {
  expect(check(await made())).toMatchObject({ ok: true, case: { entries } });
});

describe('the first entry that does not hold is named', () => {
  test.each<[string, (lines: string[]) => string[], number]>([
    ['an entry altered', (all) => all.with(4, all[4]!.replace('"attempt":1', '"attempt":2')), 5],
    ['the first one altered', (all) => all.with(0, all[0]!.replace('"attempt":1', '"attempt":2')), 1],
    ['the last one altered', (all) => all.with(11, all[11]!.replace('"attempt":1', '"attempt":2')), 12],
    ['its letters in another case', (all) => all.with(6, all[6]!.replace('inspection.', 'Inspection.')), 7],
    ['a member said twice', (all) => all.with(2, all[2]!.replace('{', '{"type":"case.closed",')), 3],
    ['a member said twice, the later the true one', (all) => all.with(2, all[2]!.replace('{', '{"seq":3,')), 3],
    ['members in another order', (all) => all.with(2, reordered(all[2]!)), 3],
    ['white space put in', (all) => all.with(8, all[8]!.replace('":', '": ')), 9],
    ['a carriage return at its end', (all) => all.with(8, `${all[8]!}\r`), 9],
    ['left out', (all) => all.toSpliced(5, 1), 6],
    ['the first one left out', (all) => all.slice(1), 1],
    ['the last one left out', (all) => all.slice(0, -1), 12],
    ['half of them left out', (all) => all.slice(0, 6), 7],
    ['two in each other’s place', (all) => all.with(3, all[4]!).with(4, all[3]!), 4],
    ['one there twice', (all) => all.toSpliced(5, 0, all[4]!), 6],
    ['one more at the end', (all) => [...all, all[11]!.replace('"seq":12', '"seq":13')], 12],
    ['an empty line', (all) => all.toSpliced(5, 0, ''), 6],
    ['no object', (all) => all.with(5, 'null'), 6],
    ['a list', (all) => all.with(5, '[]'), 6],
    ['no JSON', (all) => all.with(5, '{"seq":6'), 6],
    ['of another case', (all) => all.with(5, all[5]!.replace('"caseId":"made"', '"caseId":"other"')), 6],
    ['without an end', (all) => all.with(5, `{"a":"${'x'.repeat(3 * 1024 * 1024)}`), 6],
    ['all gone', () => [], 1],
  ])('%s', async (_name, change, entry) => {
    expect(await changed(trail, onLines(change))).toMatchObject({ ok: false, part: 'entry', entry });
  });

  function reordered(line: string): string {
    const { _id, ...rest } = JSON.parse(line) as Record<string, unknown>;
    return JSON.stringify({ ...rest, _id });
  }
});

test('the last entry is named also where its checksum was left as it was', async () => {
  const content = await made();
  const at = content.lastIndexOf('"attempt":1') + 10;
  content[at] = 0x32;
  expect(check(content)).toMatchObject({ ok: false, part: 'entry', entry: 12 });
});

describe('what stands around the entries is found', () => {
  test.each<[string, string, (text: string) => string, string]>([
    ['another place in the tree', 'trail/proof.json', (text) => text.replace('[0,1,', '[0,2,'), 'file'],
    ['a manifest of more entries', 'manifest.json', (text) => text.replace('"entries": 12', '"entries": 13'), 'entry'],
    ['a manifest of less files', 'manifest.json', (text) => text.replace('public-key', 'private-key'), 'signature'],
    [
      'a manifest that says a member twice',
      'manifest.json',
      (text) => text.replace('{', '{ "origin": "x",'),
      'signature',
    ],
    ['a manifest that is null', 'manifest.json', () => 'null', 'archive'],
    [
      'a manifest of empty files',
      'manifest.json',
      (text) => text.replace(/"files": \[[^\]]*/, '"files": [null'),
      'archive',
    ],
    ['no signature', 'manifest.signature.txt', (text) => text.split('\n\n')[0]! + '\n', 'signature'],
    ['a second signature', 'manifest.signature.txt', (text) => `${text}${text.split('\n\n')[1]}`, 'signature'],
    ['a signature of zeros', 'manifest.signature.txt', (text) => withSignature(text, Buffer.alloc(64)), 'signature'],
    ['another algorithm', 'manifest.signature.txt', (text) => withSignature(text, Buffer.alloc(256, 7)), 'signature'],
    ['a statement of less entries', 'manifest.signature.txt', (text) => text.replace('\n12 ', '\n11 '), 'signature'],
    ['the key in other words', 'public-key.pem', (text) => `${text}\n`, 'file'],
  ])('%s', async (_name, file, change, part) => {
    expect(await changed(file, change)).toMatchObject({ ok: false, part });
  });

  function withSignature(note: string, signature: Buffer): string {
    return note.replace(/(\S+)\n$/, (found: string) => {
      const id = Buffer.from(found.trim(), 'base64').subarray(0, 4);
      return `${Buffer.concat([id, signature]).toString('base64')}\n`;
    });
  }

  test('an entry that was false when the export was written, under a manifest signed for the true one', async () => {
    const line = (text: string, number: number): string =>
      number === 4 ? text.replace('"attempt":1', '"attempt":9') : text;
    expect(check(await made({ line }))).toMatchObject({ part: 'entry', entry: 4 });
  });

  test.each<[string, string]>([
    ['the checkpoint of another log', 'trail/checkpoint.txt'],
    ['the signature of another log', 'manifest.signature.txt'],
    ['the proof of another case', 'trail/proof.json'],
    ['the entries of another case', trail],
  ])('%s', async (_name, file) => {
    const other = unpack(await made({ origin: 'other.invalid/trail', caseId: 'other', entries: 13 }));
    expect(await changed(file, () => other.get(file)!)).toMatchObject({ ok: false });
  });

  test('an older checkpoint of the same log, with its proof and its signature', async () => {
    const older = unpack(await made({ entries: 9 }));
    for (const names of [
      ['trail/checkpoint.txt'],
      ['trail/checkpoint.txt', 'trail/proof.json'],
      ['trail/checkpoint.txt', 'trail/proof.json', 'manifest.signature.txt'],
      ['trail/checkpoint.txt', 'trail/proof.json', 'manifest.json', 'manifest.signature.txt'],
    ]) {
      const texts = unpack(await made());
      for (const name of names) texts.set(name, older.get(name)!);
      expect([names, check(await pack(texts))]).toEqual([names, expect.objectContaining({ ok: false })]);
    }
  });

  test('a whole export by another key', async () => {
    const forged = await made({ keys: generateKeyPairSync('ed25519') });
    expect(check(forged)).toMatchObject({ ok: false, part: 'signature' });
    expect(check(forged, {})).toMatchObject({ ok: true, keyGiven: false });
  });

  test('a key of another algorithm', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    const pem = rsa.export({ type: 'spki', format: 'pem' }).toString();
    const texts = unpack(await made());
    texts.set('public-key.pem', pem);
    expect(check(await pack(texts), {})).toMatchObject({ ok: false, part: 'key' });
    expect(check(await made(), { publicKey: pem })).toMatchObject({ ok: false, part: 'key' });
    expect(check(await made(), { publicKey: 'no key' })).toMatchObject({ ok: false, part: 'key' });
  });
});

describe('an archive in another form is refused', () => {
  /** A stored file as a ZIP has it, of any name. */
  const raw = async (names: string[]): Promise<Buffer> => {
    const placeholders = names.map((name, at) => String(at).padStart(name.length, 'z'));
    let text = (await pack(placeholders.map((name) => [name, 'x'] as [string, string]))).toString('latin1');
    names.forEach((name, at) => (text = text.replaceAll(placeholders[at]!, name)));
    return Buffer.from(text, 'latin1');
  };

  test.each([
    ['a path out of the folder', ['../../etc/passwd']],
    ['an absolute path', ['/etc/passwd-1']],
    ['a path of Windows', ['C:\\windows\\x']],
    ['a name that is hidden', ['.profile-x']],
    ['two files of one name', ['same-name', 'same-name']],
    ['two files of one name but for its case', ['same-name', 'Same-Name']],
  ])('%s', async (_name, names) => {
    expect(check(await raw(names))).toMatchObject({ ok: false, part: 'archive' });
  });

  test('a file more, and a file less', async () => {
    const texts = [...unpack(await made({ files: [{ path: 'documents/1.txt', content: [Buffer.from('one')] }] }))];
    const at = texts.length - 2;
    expect(check(await pack(texts))).toMatchObject({ ok: true });
    expect(check(await pack(texts.toSpliced(at, 0, ['documents/2.txt', 'two'])))).toMatchObject({ part: 'file' });
    expect(check(await pack([...texts, ['documents/2.txt', 'two']]))).toMatchObject({ ok: false, part: 'archive' });
    expect(check(await pack(texts.filter(([name]) => name !== 'documents/1.txt')))).toMatchObject({ part: 'file' });
    for (const [missing] of texts)
      expect([missing, check(await pack(texts.filter(([name]) => name !== missing)))]).toEqual([
        missing,
        expect.objectContaining({ ok: false }),
      ]);
  });

  test('a ZIP64 archive, a comment, something before and behind', async () => {
    const good = await made();
    const end = good.subarray(-22);
    const zip64 = Buffer.concat([
      good.subarray(0, -22),
      Buffer.from('504b06062c00000000000000', 'hex'),
      Buffer.alloc(44),
      Buffer.from('504b0607', 'hex'),
      Buffer.alloc(16),
      end.fill(0xff, 8, 20),
    ]);
    expect(check(zip64)).toMatchObject({ part: 'archive' });
    const whole = await made();
    const commented = Buffer.concat([whole, Buffer.from('hi')]);
    commented.writeUInt16LE(2, whole.length - 2);
    for (const other of [commented, Buffer.concat([Buffer.from('MZ'), whole]), Buffer.concat([whole, whole])])
      expect(check(other)).toMatchObject({ ok: false, part: 'archive' });
    for (const short of [Buffer.alloc(0), whole.subarray(0, 21), Buffer.alloc(22), Buffer.from('PK')])
      expect(check(short)).toMatchObject({ ok: false, part: 'archive' });
  });
});

test('of 600 changes by somebody who sets the archive right again, all are found and none is a crash', async () => {
  const texts = [...unpack(await made({ files: [{ path: 'case.json', content: [Buffer.from('{"a":1}')] }] }))];
  let state = 20_261_129;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const missed: string[] = [];
  for (let round = 0; round < 600; round += 1) {
    const at = random(texts.length);
    const [name, text] = texts[at]!;
    const bytes = Buffer.from(text, 'utf8');
    const from = 1 + random(bytes.length - 1);
    const kind = round % 4;
    const mutant = Buffer.from(bytes);
    if (kind === 0) mutant[from] = mutant[from]! ^ (1 << random(8));
    const cut = [mutant, bytes.subarray(0, from), Buffer.concat([bytes.subarray(0, from), bytes]), bytes][kind]!;
    const moved = kind === 3 ? texts.with(at, texts[0]!).with(0, texts[at]!) : null;
    if (moved && at === 0) continue;
    const archive = moved
      ? await pack(moved)
      : await collect(
          writeArchive(
            texts.map(([path, content]) => ({ path, content: [path === name ? cut : Buffer.from(content, 'utf8')] })),
          ),
        );
    for (const options of [{ publicKey }, {}])
      if (check(archive, options).ok) missed.push(`round ${round}: ${name}, kind ${kind} at ${from}`);
  }
  expect(missed).toEqual([]);
}, 60_000);
