import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import { Archive } from '../../core/evidence/archive.js';
import type { ExportManifest } from '../../core/evidence/export.js';
import { createKeyRing } from '../../core/evidence/key-ring.js';
import { createSealLog } from '../../core/evidence/seal-log.js';
import { createSealer } from '../../core/evidence/sealer.js';
import { verifyExport } from '../../core/evidence/verify.js';
import { tellCases, type ToldCases } from '../builders/told-cases.js';
import { ApiSite } from '../helpers/api-site.js';
import { somebody as step } from '../helpers/database.js';
import { madePdf } from '../helpers/made-pdf.js';

/** What is in the export of a case: everything of its file, and the way that it took through the diagrams. */

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const folder = mkdtempSync(path.join(tmpdir(), 'merzim-export-'));
const stopping = new AbortController();
const letter = Buffer.from('%PDF-1.7 of a letter');
let site: ApiSite;
let told: ToldCases;
let sealing: Promise<void>;
let files: Map<string, Buffer>;
let file: string;

const json = <T>(name: string): T => JSON.parse(files.get(name)!.toString('utf8')) as T;
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

beforeAll(async () => {
  site = await ApiSite.start();
  told = await tellCases(site);
  const { database, letters, files: stored, settings } = site.services;
  const { record } = await site.caseOf(told.inStudy);
  const [first] = await letters.ofCase(record._id);
  const kept = await stored.store({
    ...{ content: Readable.from([letter]), subjectId: first!.dataSubjectId, caseId: record._id },
    contentType: 'application/pdf',
  });
  await database.transaction(step, async (tx) => {
    await stored.adopt(tx, kept.fileId, { usedBy: first!._id });
    await letters.keepPdf(tx, first!._id, kept);
  });
  const officer = await site.as('iss.ala');
  await officer.upload(`/api/cases/${told.inStudy}/documents`, [
    ['file', { name: 'үш бет.pdf', type: 'application/pdf', content: await madePdf(3) }],
  ]);
  const { origin } = settings.evidence;
  await createKeyRing({ database }).publish(origin, privateKey);
  const publish = (): Promise<void> => Promise.resolve();
  sealing = createSealer({ database, log: createSealLog({ database }), privateKey, origin, publish }).run(
    stopping.signal,
  );
  const answer = await officer.get(`/api/cases/${told.inStudy}/export`);
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/zip']);
  file = path.join(folder, 'export.zip');
  writeFileSync(file, answer.rawPayload);
  const archive = new Archive(file);
  files = new Map(
    archive.members.map(({ path: name, content }) => [name, Buffer.concat([...content()].map((c) => Buffer.from(c)))]),
  );
  archive.close();
}, 300_000);
afterAll(async () => {
  stopping.abort();
  await sealing;
  await site.stop();
  rmSync(folder, { recursive: true });
});

test('it holds, and its manifest names every file with its SHA-256', () => {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  expect(verifyExport(file, { publicKey: pem })).toMatchObject({ ok: true });
  const manifest = json<ExportManifest>('manifest.json');
  expect(manifest.case.number).toBe(told.inStudy);
  expect(manifest.files.map(({ path: name }) => name)).toEqual([...files.keys()].slice(0, -2));
  for (const { path: name, bytes, sha256: hash } of manifest.files)
    expect([name, bytes, hash]).toEqual([name, files.get(name)!.length, sha256(files.get(name)!)]);
  expect([...files.keys()].slice(-2)).toEqual(['manifest.json', 'manifest.signature.txt']);
});

test('the case, as its file tells it', async () => {
  const officer = await site.as('iss.ala');
  const known = (await officer.get(`/api/cases/${told.inStudy}`)).json<Record<string, unknown[]>>();
  const view = json<Record<string, unknown[]>>('case.json');
  for (const name of ['number', 'documents', 'requests', 'letters', 'lines']) expect(view[name]).toEqual(known[name]);
  expect(view['documents']!.length).toBeGreaterThan(4);
});

test('each clock with the frozen row and the explained days', async () => {
  const { record } = await site.caseOf(told.inStudy);
  const clocks = json<Record<string, unknown>[]>('clocks.json');
  const stored = await site.services.clocks.ofCase(record._id);
  expect(clocks).toHaveLength(stored.length);
  expect(clocks).toEqual(JSON.parse(JSON.stringify(stored)));
  expect(clocks.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['DL-INS-1', 'DL-INS-3', 'DL-INS-4']));
  expect(clocks.find(({ rule }) => rule === 'DL-INS-1')).toMatchObject({
    row: { act: expect.any(String), item: expect.any(String) },
    calendarVersions: expect.arrayContaining([expect.stringMatching(/^kz-/)]),
    days: expect.arrayContaining([expect.objectContaining({ date: expect.any(String), counted: 1 })]),
  });
});

test('each letter that has a PDF and each document, as it was stored', async () => {
  const { record } = await site.caseOf(told.inStudy);
  const [first] = await site.services.letters.ofCase(record._id);
  expect(files.get(`letters/${first!.number}.pdf`)!.equals(letter)).toBe(true);
  const documents = await site.services.documents.documentsOfCase(record._id);
  const names = [...files.keys()].filter((name) => name.startsWith('documents/'));
  expect(names).toHaveLength(documents.length);
  for (const { _id, sha256: hash } of documents)
    expect(sha256(files.get(names.find((name) => name.includes(_id))!)!)).toBe(hash);
  expect(names.some((name) => name.endsWith('.pdf'))).toBe(true);
});

test('the diagrams, and the path taken by ids of their elements', () => {
  const steps = json<{ process: string; element: string; outcome: string; at: string }[]>('diagram/path.json');
  expect(steps.map(({ process, element }) => `${process}/${element}`)).toEqual([
    'inspection/ServiceTask_OpenCase',
    'inspection/ServiceTask_RecordScreening',
    'document-request/ServiceTask_RequestDocument',
    'document-request/ServiceTask_RequestDocument',
    'start-clock/ServiceTask_StartClock',
  ]);
  for (const { process, element, outcome, at } of steps) {
    expect([outcome, new Date(at).toISOString()]).toEqual(['completed', at]);
    const drawn = [...files].filter(([name, xml]) => name.endsWith('.bpmn') && xml.includes(`id="${process}"`));
    expect(drawn.map(([, xml]) => xml.includes(`id="${element}"`))).toEqual([true]);
  }
  const own = files.get('diagram/inspection.bpmn')!;
  expect(own.equals(readFileSync(inProject('bpmn', 'inspection', 'inspection.bpmn')))).toBe(true);
});

test('its own record, as the last entry of the trail in it', () => {
  const lines = files.get('trail/entries.jsonl')!.toString('utf8').trimEnd().split('\n');
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ type: 'case.exported', by: { id: 'iss.ala' } });
});
