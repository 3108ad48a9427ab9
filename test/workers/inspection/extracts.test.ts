import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Actor } from '../../../core/database.js';
import { PermanentError, RetryableError } from '../../../core/errors.js';
import { newId } from '../../../core/ids.js';
import { periodOf } from '../../../core/inspection/extract-scope.js';
import type { NitSystem } from '../../../core/inspection/extracts.js';
import type { Inspection } from '../../../core/inspection/model.js';
import type { Services } from '../../../core/services.js';
import { concludeWithoutExtract } from '../../../workers/inspection/conclude-without-extract.js';
import { downloadExtract } from '../../../workers/inspection/download-extract.js';
import { pollExtract } from '../../../workers/inspection/poll-extract.js';
import { recordNoExtract } from '../../../workers/inspection/record-no-extract.js';
import { requestExtract } from '../../../workers/inspection/request-extract.js';
import { anInspectedLine, anInspectionFile } from '../../builders/inspection.js';
import { startNitSimulator, type NitSimulator } from '../../helpers/nit-simulator.js';
import { WorkerSite } from '../../helpers/worker-site.js';

const officer: Actor = { kind: 'person', id: 'security.officer' };
let nit: NitSimulator;
let site: WorkerSite;
let services: Services;
let caseId: string;

beforeAll(async () => {
  nit = await startNitSimulator({ ROWS: '250', ROWS_PER_PART: '100' });
  const { clientId, clientSecret } = nit.settings;
  site = await WorkerSite.start({ NIT_URL: nit.url, NIT_CLIENT_ID: clientId, NIT_CLIENT_SECRET: clientSecret });
  services = site.services;
});
afterAll(async () => {
  await site.stop();
  await nit.stop();
});
beforeEach(async () => {
  await nit.reset();
  await nit.control({ rows: 250, rowsPerPart: 100, prepareMs: 0 });
  caseId = await anInspection();
});
afterEach(() => nit.reset());

let cases = 0;

/** An inspection of two employees whose facts and period are set, as the screening leaves it. */
async function anInspection(changes: Partial<Inspection> = {}): Promise<string> {
  const { database, inspections, vault } = services;
  const _id = newId();
  cases += 1;
  await database.transaction(officer, async (tx) => {
    const subjectId = await vault.createSubject(tx, 'case');
    const lines = ['E-1', 'E-2'].map((employeeId) => anInspectedLine({ employeeId, addedAt: tx.at }));
    const facts = [await vault.seal(subjectId, 'Копия удостоверения выдана третьему лицу', tx)];
    const extractScope = { facts, periodFrom: '2026-01-01', periodTo: '2026-01-31' };
    const screening = { result: 'inScope' as const, by: officer.id, at: tx.at };
    const given = { _id, number: caseNumber(), subjectId, lines, screening, extractScope, ...changes };
    await inspections.create(tx, anInspectionFile(given, tx.at));
  });
  return _id;
}

function caseNumber(): string {
  return `INS-2026-${String(cases).padStart(6, '0')}`;
}

const request = (nitSystem: NitSystem = 'iisPsc') => site.deliver(requestExtract, { caseId, nitSystem });
const poll = (extractId: string) => site.deliver(pollExtract, { caseId, extractId });
const bring = (extractId: string, signal?: AbortSignal) =>
  site.deliver(downloadExtract, { caseId, extractId }, { signal });
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => Promise.reject(new Error('it should have failed')),
    (error: Error) => error,
  );

async function aReadyExtract(nitSystem?: NitSystem): Promise<string> {
  const { extractId } = await request(nitSystem);
  for (let turn = 0; turn < 100; turn++) {
    if ((await poll(extractId)).extractState !== 'pending') return extractId;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the extract is pending for too long');
}

const filesOfCase = () =>
  services.database.connection.collection('files.files').countDocuments({ 'metadata.caseId': caseId });
const acts = () => site.acts(caseId);
const fetchesOfPart = async (part: number) => (await nit.seen()).requests.filter((seen) => seen.part === part).length;

describe('an extract that is delivered', () => {
  test.each([
    ['iisPsc', 'nitExtractIisPsc'],
    ['egovPortal', 'nitExtractEgovPortal'],
  ] as const)('%s: its parts become materials of the case', async (system, kind) => {
    const extractId = await aReadyExtract(system);
    const done = await bring(extractId);

    expect(done).toMatchObject({ extractRows: 250, extractParts: 3 });
    const extract = await services.extracts.find(extractId);
    expect(extract).toMatchObject({ state: 'complete', rows: 250, obtainedAt: new Date(done.obtainedAt) });
    const documents = await services.documents.documentsOfCase(caseId);
    expect(documents.map((document) => document.kind)).toEqual([kind, kind, kind]);
    let rows = 0;
    for (const document of documents) {
      const content = await text((await services.files.open(document.fileId)).stream);
      expect(createHash('sha256').update(content).digest('hex')).toBe(document.sha256);
      rows += content.trimEnd().split('\n').length;
    }
    expect(rows).toBe(250);
    expect(await acts()).toEqual([
      'extract.requested',
      'document.added',
      'document.added',
      'document.added',
      'extract.obtained',
    ]);
    expect((await services.trail.verifyChain(caseId)).ok).toBe(true);
  });

  test('asks for the employees, facts and days of the case and for nothing else', async () => {
    const { extractId } = await request();
    expect((await services.extracts.find(extractId))?.scope).toMatchObject({
      facts: [{ factId: 'F1', text: expect.stringMatching(/^mz1:/) }],
      subjects: ['E-1', 'E-2'],
      // Days of Almaty, the last one included.
      from: new Date('2025-12-31T19:00:00Z'),
      to: new Date('2026-01-31T19:00:00Z'),
    });
  });

  test('its files are adopted: the sweep of orphans leaves them alone', async () => {
    await bring(await aReadyExtract());
    await services.files.sweepOrphans(-60_000);
    expect(await filesOfCase()).toBe(3);
  });

  test('a case without facts or period is asked to complete them', async () => {
    caseId = await anInspection({ extractScope: null });
    const error = await failureOf(request());
    expect(error).toBeInstanceOf(PermanentError);
    expect(error).toMatchObject({ field: 'extractScope' });
    expect((await nit.seen()).exports.some(({ idempotencyKey }) => idempotencyKey === caseId)).toBe(false);
  });

  test("another case's extract is none of this one's", async () => {
    const { extractId } = await request();
    caseId = await anInspection();
    expect(await failureOf(poll(extractId))).toMatchObject({ field: 'extractId' });
    expect(await failureOf(bring(extractId))).toMatchObject({ field: 'extractId' });
  });
});

describe('steps that come twice', () => {
  test('asking twice, with the first answer lost, is one extract and one export', async () => {
    await nit.control({ fault: 'lost-answer' });
    const first = await request();
    const second = await request();
    expect(second).toEqual(first);
    expect(await services.extracts.ofCase(caseId)).toHaveLength(1);
    const made = (await nit.seen()).exports.filter(({ idempotencyKey }) => idempotencyKey === first.extractId);
    expect(made).toHaveLength(1);
  });

  test('a process that died after the export was made finds it again', async () => {
    // Its outside calls happened, its transaction did not.
    const { requestedAt } = await site.reach(requestExtract, { caseId, nitSystem: 'iisPsc' });
    const again = await request();
    expect(again.requestedAt).toBe(requestedAt.toISOString());
    expect((await nit.seen()).exports.filter(({ idempotencyKey }) => idempotencyKey === again.extractId)).toHaveLength(
      1,
    );
  });

  test('bringing it in twice fetches nothing again and adds nothing', async () => {
    const extractId = await aReadyExtract();
    const first = await bring(extractId);
    const second = await bring(extractId);
    expect(second).toEqual(first);
    expect(await fetchesOfPart(1)).toBe(1);
    expect(await services.documents.documentsOfCase(caseId)).toHaveLength(3);
  });

  test('a download that was stopped goes on after the last whole part', async () => {
    const extractId = await aReadyExtract();
    await stoppedAfterPart(extractId, 2);
    expect((await services.extracts.find(extractId))?.parts.map(({ number }) => number)).toEqual([1, 2]);
    expect(await services.documents.documentsOfCase(caseId)).toEqual([]);

    await bring(extractId);

    expect(await fetchesOfPart(1)).toBe(1);
    expect(await fetchesOfPart(2)).toBe(1);
    expect(await services.documents.documentsOfCase(caseId)).toHaveLength(3);
  });

  test('a part whose file was swept meanwhile is fetched again', async () => {
    const extractId = await aReadyExtract();
    await stoppedAfterPart(extractId, 1);
    await services.files.sweepOrphans(-60_000);
    expect(await filesOfCase()).toBe(0);

    expect(await bring(extractId)).toMatchObject({ extractParts: 3 });
    expect(await filesOfCase()).toBe(3);
  });
});

/** Tells a download to stop, as a process that drains does, as soon as the extract knows of a part. */
async function stoppedAfterPart(extractId: string, last: number): Promise<void> {
  const stop = new AbortController();
  const known = { ...services.extracts };
  services.extracts.addPart = async (tx, id, part) => {
    await known.addPart(tx, id, part);
    if (part.number === last) stop.abort();
  };
  try {
    expect(await failureOf(bring(extractId, stop.signal))).toBeInstanceOf(RetryableError);
  } finally {
    Object.assign(services.extracts, known);
  }
}

describe('an extract that is not to be had', () => {
  test.each([
    ['out-of-period', 'NIT_OUT_OF_SCOPE'],
    ['wrong-subject', 'NIT_OUT_OF_SCOPE'],
    ['lie-rows', 'NIT_MANIFEST_MISMATCH'],
  ])('%s: ends as %s, and no file of it is kept', async (fault, code) => {
    await nit.control({ fault, part: 2 });
    const extractId = await aReadyExtract();
    expect(await failureOf(bring(extractId))).toMatchObject({ name: 'BusinessError', code });
    expect(await services.extracts.find(extractId)).toMatchObject({ state: 'failed', stateReason: code, parts: [] });
    expect(await filesOfCase()).toBe(0);
    expect(await services.documents.documentsOfCase(caseId)).toEqual([]);
    expect(await acts()).toEqual(['extract.requested', 'extract.failed']);
    expect((await poll(extractId)).extractState).toBe('failed');
  });

  test.each([
    ['refused at once', { fault: 'refuse', on: 'create' }, 'NIT_REFUSED'],
    ['refused later', { fault: 'refuse' }, 'NIT_REFUSED:facts-not-sufficient'],
    ['failed at NIT', { fault: 'fail' }, 'NIT_FAILED:source-unavailable'],
  ])('%s: the poll says failed', async (_name, fault, reason) => {
    await nit.control(fault);
    const extractId = await aReadyExtract();
    expect((await poll(extractId)).extractState).toBe('failed');
    expect(await services.extracts.find(extractId)).toMatchObject({ state: 'failed', stateReason: reason });
    expect(await acts()).toEqual(['extract.requested', 'extract.failed']);
  });

  test('asked for again, it is a new extract with an export of its own', async () => {
    await nit.control({ fault: 'fail' });
    const first = await aReadyExtract();
    const second = await aReadyExtract();
    expect(second).not.toBe(first);
    await bring(second);
    const extracts = await services.extracts.ofCase(caseId);
    expect(extracts.map(({ attempt, state }) => ({ attempt, state }))).toEqual([
      { attempt: 1, state: 'failed' },
      { attempt: 2, state: 'complete' },
    ]);
  });

  test('a fault that may pass leaves the extract as it is', async () => {
    const extractId = await aReadyExtract();
    await nit.control({ fault: '429', on: 'part', delayMs: 60_000 });
    const error = await failureOf(bring(extractId));
    expect(error).toMatchObject({ name: 'RetryableError', afterMs: 60_000 });
    expect(await services.extracts.find(extractId)).toMatchObject({ state: 'requested', parts: [] });
    await bring(extractId);
  });

  test('pending: asked again after a while, more seldom the longer it takes', async () => {
    await nit.control({ fault: 'never-ready' });
    const { extractId } = await request();
    expect(await poll(extractId)).toEqual({ extractState: 'pending', pollAfter: 'PT1S' });
    await startClock(extractId, 10 * 60_000);
    expect(await poll(extractId)).toEqual({ extractState: 'pending', pollAfter: expect.stringMatching(/^PT1[01]S$/) });
  });

  test('pending past its due moment (E4): a person decides', async () => {
    await nit.control({ fault: 'never-ready' });
    const { extractId } = await request();
    await startClock(extractId, 30 * 24 * 3_600_000);
    expect((await poll(extractId)).extractState).toBe('failed');
    expect(await services.extracts.find(extractId)).toMatchObject({ state: 'failed', stateReason: 'NIT_LATE' });
  });

  test('pending within its term: nobody is asked', async () => {
    await nit.control({ fault: 'never-ready' });
    const { extractId } = await request();
    await startClock(extractId, 0);
    expect((await poll(extractId)).extractState).toBe('pending');
  });
});

/** Starts DL-INS-4 as if the extract had been asked for so many milliseconds ago. */
async function startClock(extractId: string, agoMs: number): Promise<void> {
  const { clocks, database } = services;
  await database.transaction(officer, (tx) =>
    clocks.start(tx, {
      caseId,
      caseNumber: caseNumber(),
      process: 'inspection',
      rule: 'DL-INS-4',
      subject: extractId,
      startedAt: new Date(tx.at.getTime() - agoMs),
    }),
  );
}

describe('going on without an extract', () => {
  const noteReason = () =>
    services.database.transaction(officer, (tx) =>
      services.inspections.noteNoExtractReason(tx, caseId, 'Сведений о выгрузке в системах нет'),
    );

  test('with a reason noted, the extract is abandoned', async () => {
    await nit.control({ fault: 'fail' });
    const extractId = await aReadyExtract();
    await noteReason();
    await site.deliver(concludeWithoutExtract, { caseId, extractId });
    expect(await services.extracts.find(extractId)).toMatchObject({ state: 'abandoned' });
    expect((await acts()).at(-1)).toBe('extract.abandoned');
  });

  test('without a reason it waits for one', async () => {
    await nit.control({ fault: 'fail' });
    const extractId = await aReadyExtract();
    const error = await failureOf(site.deliver(concludeWithoutExtract, { caseId, extractId }));
    expect(error).toMatchObject({ name: 'PermanentError', field: 'noExtractReason' });
    expect(await services.extracts.find(extractId)).toMatchObject({ state: 'failed' });
  });

  test('where none is needed, that is recorded, with a reason only', async () => {
    expect(await failureOf(site.deliver(recordNoExtract, { caseId }))).toMatchObject({ field: 'noExtractReason' });
    await noteReason();
    await site.deliver(recordNoExtract, { caseId });
    expect((await acts()).at(-1)).toBe('extract.not-needed');
  });
});

describe('the period of a request', () => {
  test.each([
    ['2026-03-01', '2026-03-01', 'Asia/Almaty', '2026-02-28T19:00:00Z', '2026-03-01T19:00:00Z'],
    // Almaty was six hours ahead of UTC until the end of February 2024.
    ['2024-02-29', '2024-02-29', 'Asia/Almaty', '2024-02-28T18:00:00Z', '2024-02-29T19:00:00Z'],
    ['2025-12-31', '2026-01-01', 'Asia/Bishkek', '2025-12-30T18:00:00Z', '2026-01-01T18:00:00Z'],
  ])('%s to %s in %s', (periodFrom, periodTo, zone, from, to) => {
    expect(periodOf({ periodFrom, periodTo }, zone)).toEqual({ from: new Date(from), to: new Date(to) });
  });
});
