import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { archiveChain, isArchiveDue, type ArchiveBatch } from '../../../core/technical-request/archives.js';
import { archiveRequests } from '../../../workers/technical-request/archive-requests.js';
import { checkArchive } from '../../../workers/technical-request/check-archive.js';
import { phoneCall, technicalRequest } from '../../builders/technical-request.js';
import { ApiSite } from '../../helpers/api-site.js';
import { WorkerSite } from '../../helpers/worker-site.js';

let folder: string;
let site: ApiSite;
let workers: WorkerSite;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'merzim-archive-'));
  site = await ApiSite.start({ ARCHIVE_FOLDER: path.join(folder, 'technical'), ARCHIVE_EVERY: 'P1M' });
  workers = WorkerSite.of(site.services);
}, 120_000);
afterAll(async () => {
  await site.stop();
  rmSync(folder, { recursive: true, force: true });
});

const files = (): string[] => readdirSync(path.join(folder, 'technical')).sort();

test('puts all technical requests away once, with their hash and an entry of the trail, and no personal value', async () => {
  const admin = await site.as('is.admin');
  const file = async (body: object): Promise<string> =>
    (await admin.post('/api/technical-requests', body)).json<{ number: string }>().number;
  const numbers = [await file(technicalRequest()), await file(phoneCall({ concerns: 'dataIntegrity' }))];
  await site.file();
  expect(await workers.deliver(checkArchive, {})).toEqual({ archiveDue: true });
  for (let times = 0; times < 2; times += 1) await workers.deliver(archiveRequests, {});
  expect(await workers.deliver(checkArchive, {})).toEqual({ archiveDue: false });

  const [name = '', manifest = '', ...more] = files();
  expect(more).toEqual([]);
  const content = readFileSync(path.join(folder, 'technical', name));
  const text = content.toString('utf8');
  expect(text.startsWith('\uFEFFnumber,source,channel,')).toBe(true);
  const lines = text.trimEnd().split('\r\n').slice(1);
  expect(lines.map((line) => line.split(',')[0])).toEqual(numbers.reverse());
  expect(lines[0]).toContain('DL-TECH-1 running');
  expect(lines.map((line) => line.split(',').at(-1))).toEqual(['dataIntegrity', '']);
  expect(text).not.toMatch(/@|Серікбаева|Нұрғалиева|nurgalieva|registrar|is\.admin|пустую|кіргізбейді/);
  const sha256 = createHash('sha256').update(content).digest('hex');
  expect(readFileSync(path.join(folder, 'technical', manifest), 'utf8')).toBe(`${sha256}  ${name}\n`);
  const entries = await site.services.trail.list(archiveChain);
  expect(entries).toMatchObject([{ type: 'archive.written', data: { file: name, rows: 2, sha256 } }]);
});

test('a job that waited while another night was recorded puts nothing away', async () => {
  const { services } = site;
  const archives = services.database.connection.collection<ArchiveBatch>('technical-archives');
  const [recorded] = await archives.find().toArray();
  const yesterday = Temporal.PlainDate.from(recorded!._id).subtract({ days: 1 }).toString();
  await archives.deleteMany({});
  await archives.insertOne({ ...recorded!, _id: yesterday });
  const before = files();
  await workers.deliver(archiveRequests, {});
  expect(files()).toEqual(before);
  expect(await archives.countDocuments()).toBe(1);
});

test('a repeat that was not recorded leaves what was recorded as it is', async () => {
  const [recorded = ''] = files();
  const before = readFileSync(path.join(folder, 'technical', recorded));
  const { services } = site;
  await services.database.connection.collection('technical-archives').deleteMany({});
  await (await site.as('is.admin')).post('/api/technical-requests', technicalRequest());
  await workers.reach(archiveRequests, {});
  expect(files()).toHaveLength(4);
  expect(readFileSync(path.join(folder, 'technical', recorded))).toEqual(before);
});

test('is due when the period has passed, by days of the calendar, and catches up', () => {
  const last = { _id: '2026-01-31' };
  const due = (every: string, today: string): boolean => isArchiveDue(every, last, today);
  expect([due('P1M', '2026-02-27'), due('P1M', '2026-02-28'), due('P1M', '2026-05-01')]).toEqual([false, true, true]);
  expect([due('P90D', '2026-04-30'), due('P90D', '2026-05-01')]).toEqual([false, true]);
  expect(isArchiveDue('P1M', null, '2026-01-01')).toBe(true);
});

test('without a period nothing is due', async () => {
  const without = await WorkerSite.start();
  expect(await without.deliver(checkArchive, {})).toEqual({ archiveDue: false });
  await without.stop();
});
