import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import { composeServices } from '../../core/compose.js';
import { openErasureList } from '../../core/erasure-list.js';
import type { Erasure } from '../../core/erasures.js';
import type { Services } from '../../core/services.js';
import type { SubjectKeyRecord } from '../../core/vault.js';
import { application } from '../builders/application.js';
import { ApiSite, publicUrl } from '../helpers/api-site.js';
import { scanForPlaintext } from '../helpers/canary.js';
import { testMongodbUri } from '../helpers/database.js';
import { readable as readableIn } from '../helpers/readable.js';

/** A person whose key is erased can be read nowhere, also after a backup of the keys came back; the trail holds. */

const name = 'Канарейка Өшірілген QzXv7';
const email = 'canary-erased-qzxv7@applicant.example';
const content = 'канарейка-внутри-файла-QzXv7';
const needles = [name, email, content];
const by = { kind: 'person', id: 'dpo' } as const;
const why = { ground: 'DPO-2026-17' };

let site: ApiSite;
let services: Services;
let number: string;
let sender: string;
let materials: string;
let documentId: string;
let olderKeys: SubjectKeyRecord[];

const keys = () => services.database.connection.collection<SubjectKeyRecord>('subject-keys');
const readable = (): Promise<string[]> => readableIn(services, needles);

async function restoreKeys(): Promise<void> {
  for (const key of olderKeys) await keys().replaceOne({ _id: key._id }, key);
}

beforeAll(async () => {
  site = await ApiSite.start();
  ({ services } = site);
  const registrar = await site.as('registrar');
  const body = application({ sender: { name, email }, employees: [{ employeeId: 'SC-1018' }] });
  number = (await registrar.post('/api/inspections', body)).json<{ number: string }>().number;
  const iss = await site.as('iss.ala');
  const file = { name: 'a.txt', type: 'text/plain', content };
  documentId = (await iss.upload(`/api/cases/${number}/documents`, [['file', file]])).json<{ documentId: string }>()
    .documentId;
  const { inspection } = await site.caseOf(number);
  sender = inspection.trigger.senderSubjectId!;
  materials = inspection.subjectId;
  olderKeys = await keys().find().toArray();
});
afterAll(() => site.stop());

describe('erasing the applicant and the materials of a case', () => {
  test('control: before it, everything planted can be read with the keys, and nothing without', async () => {
    const found = await readable();
    expect(needles.filter((needle) => !found.some((line) => line.startsWith(needle)))).toEqual([]);
    expect(await scanForPlaintext(services.database, needles)).toEqual([]);
  });

  test('an open case keeps its applicant, whom it still has to answer', async () => {
    await expect(services.erasures.erase(by, sender, why)).rejects.toThrow(`open: ${number}`);
    expect((await keys().findOne({ _id: sender }))!.wrapped).not.toBeNull();
  });

  test('a ground that is a text is refused, and nothing is erased', async () => {
    await site.close(number);
    await expect(services.erasures.erase(by, sender, { ground: 'по просьбе' })).rejects.toThrow('trail: data.ground');
    expect((await keys().findOne({ _id: sender }))!.wrapped).not.toBeNull();
    expect(await services.database.trail.collection('erasures').countDocuments()).toBe(0);
  });

  test('afterwards nothing of it can be read, with all keys that are there', async () => {
    for (const who of ['applicant', 'materials'] as const)
      for (const subject of await services.erasures.find({ caseNumber: number, who }))
        expect(await services.erasures.erase(by, subject, why)).toBe(true);
    expect(await readable()).toEqual([]);
    const { record, inspection } = await site.caseOf(number);
    expect([record.sourceRef, record.idempotency?.contentHash ?? '']).toEqual([null, '']);
    expect(inspection.trigger.senderIndex ?? []).toEqual([]);
  });

  test('the case file is still there without the person, the document is not', async () => {
    const auditor = await site.as('auditor');
    const [file, page] = [await auditor.get(`/api/cases/${number}`), await auditor.page(`/cases/${number}`)];
    expect([file.statusCode, page.statusCode]).toEqual([200, 200]);
    expect(file.body + page.body).not.toContain(name);
    expect((await auditor.get(`/api/cases/${number}/documents/${documentId}`)).statusCode).toBe(404);
  });

  test('the trail says so, names nobody, and holds', async () => {
    const { record } = await site.caseOf(number);
    const entries = await services.trail.list(record._id);
    expect(entries.filter(({ type }) => type === 'subject.erased')).toMatchObject([
      { by, subject: sender, data: { ground: 'DPO-2026-17', replayed: false } },
      { by, subject: materials },
    ]);
    expect(await services.trail.verifyChain(record._id)).toMatchObject({ ok: true });
  });

  test('a repeat changes nothing', async () => {
    const before = await site.holdings();
    expect(await services.erasures.erase(by, sender, why)).toBe(false);
    expect(await site.holdings()).toEqual(before);
  });
});

describe('a backup of the keys that was taken before', () => {
  test('brings the person back only until the next process starts', async () => {
    await restoreKeys();
    expect(await readable()).not.toEqual([]);
    const started = await composeServices(services.settings, 'test');
    await started.database.close();
    for (const id of [sender, materials]) services.vault.forget(id);
    expect(await readable()).toEqual([]);
    const { record } = await site.caseOf(number);
    expect((await services.trail.list(record._id)).at(-1)).toMatchObject({ data: { replayed: true } });
    expect(await services.trail.verifyChain(record._id)).toMatchObject({ ok: true });
  });

  test('together with an older list is mended by a copy of the list', async () => {
    const copy: Erasure[] = [];
    for await (const erasure of services.erasures.list()) copy.push(erasure);
    await services.database.trail.collection('erasures').deleteMany({});
    await restoreKeys();
    expect(await services.erasures.replay()).toBe(0);
    expect(await services.erasures.replay(copy)).toBe(2);
    expect(await readable()).toEqual([]);
    expect(await services.erasures.replay(copy)).toBe(0);
  });
});

describe('the list outside the database', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'merzim-outside-'));
  const listFile = path.join(folder, 'erasures.jsonl');
  const start = () => composeServices({ ...services.settings, erasure: { listFile, withinDays: 30 } }, 'test');
  afterAll(() => rmSync(folder, { recursive: true }));

  test('takes in what is known at a start, and keeps it where keys and list of the database are older', async () => {
    await (await start()).database.close();
    const outside = openErasureList(listFile);
    expect(outside.read().map(({ _id }) => _id)).toEqual(expect.arrayContaining([sender, materials]));
    await services.database.trail.collection('erasures').deleteMany({});
    await restoreKeys();
    for (const id of [sender, materials]) services.vault.forget(id);
    expect(await readable()).not.toEqual([]);
    await (await start()).database.close();
    for (const id of [sender, materials]) services.vault.forget(id);
    expect(await readable()).toEqual([]);
    expect(await services.database.trail.collection('erasures').countDocuments()).toBe(2);
  });

  test('no process starts on one that was changed', async () => {
    writeFileSync(listFile, 'changed\n{}\n');
    await expect(start()).rejects.toThrow(`${listFile}: line 1 is no erasure`);
  });
});

describe('an erased employee who has signed in', () => {
  test('leaves no session, calendar feed, choice of mail or known person; others keep theirs', async () => {
    const { database, directory, erasures } = services;
    const [own, other] = (await directory.all()).filter(({ login }) => login).slice(0, 2);
    const collection = (name: string) => database.connection.collection<{ _id: string }>(name);
    for (const { employeeId, login } of [own!, other!]) {
      await collection('sessions').insertOne({ _id: `session.${employeeId}`, employeeId } as never);
      await collection('calendar-feeds').insertOne({ _id: login!, tokenHash: login! } as never);
      await services.people.seen({ login: login!, employeeId, roles: ['employee'] });
      await services.noticeChoices.choose(employeeId, 'digest');
    }
    const [subject] = await erasures.find({ employeeId: own!.employeeId });
    await erasures.erase(by, subject!, { ...why, openToo: true });
    const left = async (name: string) => (await collection(name).find().toArray()).map(({ _id }) => _id);
    expect(await left('sessions')).toContain(`session.${other!.employeeId}`);
    expect(await left('sessions')).not.toContain(`session.${own!.employeeId}`);
    expect(await left('notice-choices')).toEqual([other!.employeeId]);
    for (const name of ['calendar-feeds', 'people']) {
      expect(await left(name)).toContain(other!.login);
      expect(await left(name)).not.toContain(own!.login);
    }
  });
});

describe('npm run erase', () => {
  const run = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const { mongo, oidc, vault, engine, web, mail, nit } = services.settings;
    const env = {
      ...{ PATH: process.env.PATH, MONGODB_URI: testMongodbUri(), MONGODB_DATABASE: mongo.database },
      ...{ MONGODB_TRAIL_DATABASE: mongo.trailDatabase, ZEEBE_GRPC_ADDRESS: engine.grpcAddress },
      ...{ ZEEBE_REST_ADDRESS: engine.restAddress, TASKLIST_URL: web.tasklistUrl, OPERATE_URL: web.operateUrl },
      ...{ SMTP_URL: mail.smtpUrl, MAIL_FROM: mail.from, OIDC_ISSUER: oidc.issuer, OIDC_CLIENT_ID: oidc.clientId },
      ...{ OIDC_CLIENT_SECRET: oidc.clientSecret, NIT_URL: nit.url, NIT_CLIENT_ID: nit.clientId },
      ...{ NIT_CLIENT_SECRET: nit.clientSecret, MASTER_KEY: vault.masterKey.toString('base64') },
      ...{ SESSION_SECRET: randomBytes(32).toString('hex'), PUBLIC_URL: publicUrl, LOG_LEVEL: 'silent' },
      ORGANISATION: 'demo',
    };
    return promisify(execFile)(process.execPath, [inProject('dist', 'workers', 'erase.js'), ...args], { env }).then(
      (output) => ({ code: 0, ...output }),
      (error: unknown) => error as { code: number; stdout: string; stderr: string },
    );
  };
  const employee = ['--who', 'employee:SC-1015', '--by', 'dpo', '--ground', 'DPO-2026-18'];

  test('asks to be sure', async () => {
    expect(await run(...employee)).toMatchObject({ code: 2 });
  });

  test('erases an employee, who comes back with the next directory as somebody new', async () => {
    const { directory, database } = services;
    const employees = database.connection.collection<{ _id: string; subjectId: string }>('employees');
    const before = (await employees.findOne({ _id: 'SC-1015' }))!.subjectId;
    expect(await run(...employee, '--yes')).toMatchObject({ code: 0, stdout: expect.stringContaining('erased') });
    services.vault.forget(before);
    expect(await directory.employee('SC-1015')).toBeNull();
    expect(await services.trail.verifyChain(`erasure.${before}`)).toMatchObject({ ok: true, entries: 1 });
    expect((await run('--list')).stdout).toContain(before);
    await directory.importCsv(createReadStream(inProject('local', 'demo', 'directory.csv')));
    expect((await employees.findOne({ _id: 'SC-1015' }))!.subjectId).not.toBe(before);
    expect(await directory.employee('SC-1015')).not.toBeNull();
  });
});
