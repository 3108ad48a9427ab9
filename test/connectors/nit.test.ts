import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createNitClient, type NitClient, type NitClientOptions, type NitExport } from '../../connectors/nit/client.js';
import { extractRow, type ExportRequest, type ExtractScope } from '../../connectors/nit/contract.js';
import { downloadExtract, type Download, type DownloadProgress } from '../../connectors/nit/download.js';
import { openApi } from '../../connectors/nit/openapi.js';
import { verifiedPart } from '../../connectors/nit/part-stream.js';
import { BusinessError, PermanentError, RetryableError } from '../../core/errors.js';
import { startNitSimulator, type NitSimulator } from '../helpers/nit-simulator.js';
import { createPartFolder, type PartFolder } from '../helpers/part-folder.js';

let nit: NitSimulator;
let store: PartFolder;
let keys = 0;

beforeAll(async () => {
  nit = await startNitSimulator({ ROWS: '250', ROWS_PER_PART: '100' });
});
afterAll(() => nit.stop());
beforeEach(async () => {
  await nit.reset();
  await nit.control({ rows: 250, rowsPerPart: 100, prepareMs: 0, gzip: false });
  store = await createPartFolder();
});
afterEach(() => store.remove());

const fastRetry = { attempts: 4, baseMs: 20, maxWaitMs: 3_000 };

function client(options: NitClientOptions = {}): NitClient {
  return createNitClient(nit.settings, {
    answerMs: 2_000,
    silenceMs: 2_000,
    ...options,
    retry: { ...fastRetry, ...options.retry },
  });
}

function aRequest(changes: Partial<ExportRequest> = {}): ExportRequest {
  keys += 1;
  return {
    idempotencyKey: `key-${process.pid}-${keys}`,
    system: 'iisPsc',
    facts: [
      { factId: 'F1', text: 'Мәлімет үшінші тұлғаға берілді' },
      { factId: 'F2', text: 'Копия выдана без основания' },
    ],
    subjects: ['E-1', 'E-2'],
    period: { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-02-01T00:00:00Z') },
    ...changes,
  };
}

function scopeOf({ system, facts, subjects, period }: ExportRequest): ExtractScope {
  return { system, subjects, period, factIds: facts.map((fact) => fact.factId) };
}

async function settled(using: NitClient, exportId: string): Promise<NitExport> {
  for (let turn = 0; turn < 200; turn++) {
    const found = await using.status(exportId);
    if (found.state !== 'pending') return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the export is pending for too long');
}

/** An export that is ready, and a download of it into the test's folder. */
async function aReadyExport(request = aRequest(), using = client()): Promise<Download & { exportId: string }> {
  const { exportId } = await using.requestExport(request);
  await settled(using, exportId);
  return { client: using, extract: { exportId, scope: scopeOf(request) }, store, exportId };
}

async function requestsOf(operation: string) {
  return (await nit.seen()).requests.filter((request) => request.operation === operation);
}

async function fetchesOfPart(number: number): Promise<number> {
  return (await requestsOf('part')).filter((request) => request.part === number).length;
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => Promise.reject(new Error('it should have failed')),
    (error: Error) => error,
  );
}

async function expectBusinessError(work: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  const error = await failureOf(work);
  expect(error).toBeInstanceOf(BusinessError);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
}

/** A server of the test's own, for what no behaviour of the simulator covers. Signs everybody in. */
async function withServer<T>(listener: RequestListener, work: (url: string) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    if (request.url !== '/oauth2/token') return listener(request, response);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: 't', token_type: 'Bearer', expires_in: 60 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('happy path', () => {
  test('an export is asked for, prepared and stored in verified parts', async () => {
    const request = aRequest();
    const progress: DownloadProgress[] = [];

    const download = await aReadyExport(request);
    const done = await downloadExtract({ ...download, onProgress: (step) => void progress.push(step) });

    expect(done.fetched).toEqual([1, 2, 3]);
    expect(done.manifest).toMatchObject({ rows: 250, parts: [{ rows: 100 }, { rows: 100 }, { rows: 50 }] });
    expect(await store.files()).toEqual(['1', '2', '3']);
    const rows = (await store.text()).trimEnd().split('\n');
    expect(rows).toHaveLength(250);
    expect(JSON.parse(rows[249] as string)).toMatchObject({ rowId: 'iisPsc-000000250', system: 'iisPsc' });
    expect(progress.reduce((sum, step) => sum + step.added.rows, 0)).toBe(250);
    expect(progress.reduce((sum, step) => sum + step.added.parts, 0)).toBe(3);
    expect(progress.reduce((sum, step) => sum + step.added.bytes, 0)).toBe(Buffer.byteLength(await store.text()));
    expect(progress.at(-1)).toMatchObject({ partsStored: 3, partsTotal: 3, rowsTotal: 250 });
  });

  test('a part that comes gzipped is verified by its text', async () => {
    await nit.control({ gzip: true });
    const done = await downloadExtract(await aReadyExport());
    expect(done.fetched).toEqual([1, 2, 3]);
    expect((await store.text()).trimEnd().split('\n')).toHaveLength(250);
  });

  test('an export without rows is whole without parts', async () => {
    await nit.control({ rows: 0 });
    const done = await downloadExtract(await aReadyExport());
    expect(done).toMatchObject({ fetched: [], manifest: { rows: 0, parts: [] } });
  });

  test('one token serves many requests', async () => {
    await downloadExtract(await aReadyExport());
    expect(await requestsOf('token')).toHaveLength(1);
  });

  test('the facts of the appeal travel in the body alone', async () => {
    const urls: string[] = [];
    const watching: typeof fetch = (input, init) => {
      urls.push(input as string);
      return fetch(input, init);
    };
    await downloadExtract(await aReadyExport(aRequest(), client({ fetch: watching })));
    expect(urls.length).toBeGreaterThan(5);
    expect(urls.map(decodeURIComponent).join()).not.toMatch(/Мәлімет|Копия/);
  });
});

describe('asking for an export', () => {
  test('the same key is the same export', async () => {
    const request = aRequest();
    const first = await client().requestExport(request);
    const second = await client().requestExport(request);
    expect(second.exportId).toBe(first.exportId);
    expect(await client().findByKey(request.idempotencyKey)).toMatchObject({ exportId: first.exportId });
    expect(await requestsOf('create')).toHaveLength(1);
  });

  test('a key that nobody used has no export', async () => {
    expect(await client().findByKey('never used')).toBeNull();
  });

  test('when the answer is lost, exactly one export exists and it is found', async () => {
    const request = aRequest();
    await nit.control({ fault: 'lost-answer' });

    const { exportId } = await client().requestExport(request);

    const made = (await nit.seen()).exports.filter((one) => one.idempotencyKey === request.idempotencyKey);
    expect(made).toMatchObject([{ exportId }]);
    expect(await requestsOf('create')).toHaveLength(1);
    expect(await requestsOf('find')).toHaveLength(2);
  });

  test('a refusal at once is NIT_REFUSED', async () => {
    await nit.control({ fault: 'refuse', on: 'create' });
    await expectBusinessError(client().requestExport(aRequest()), 'NIT_REFUSED', /refuses the export/);
  });

  test('a refusal after a look is a state, and NIT_REFUSED when downloaded all the same', async () => {
    await nit.control({ fault: 'refuse' });
    const download = await aReadyExport();
    expect(await client().status(download.exportId)).toMatchObject({
      state: 'refused',
      reasonCode: 'facts-not-sufficient',
    });
    await expectBusinessError(downloadExtract(download), 'NIT_REFUSED', /facts-not-sufficient/);
  });

  test('an export that NIT could not prepare is failed, with its reason', async () => {
    await nit.control({ fault: 'fail' });
    const { exportId } = await aReadyExport();
    expect(await client().status(exportId)).toEqual({ exportId, state: 'failed', reasonCode: 'source-unavailable' });
  });

  test('an export that NIT does not have is failed, gone', async () => {
    expect(await client().status('nit-999999')).toMatchObject({ state: 'failed', reasonCode: 'gone' });
  });

  test('an export that is never ready stays pending, and a download of it asks to come back', async () => {
    await nit.control({ fault: 'never-ready' });
    const request = aRequest();
    const { exportId } = await client().requestExport(request);
    expect(await client().status(exportId)).toEqual({ exportId, state: 'pending', pollAfterMs: 1000 });
    const error = await failureOf(
      downloadExtract({ client: client(), extract: { exportId, scope: scopeOf(request) }, store }),
    );
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({ afterMs: 1000 });
  });

  test('what NIT finds wrong is permanent', async () => {
    const error = await failureOf(client().requestExport(aRequest({ subjects: [] })));
    expect(error).toBeInstanceOf(PermanentError);
    expect(error.message).toMatch(/400 invalid/);
    expect(await requestsOf('create')).toHaveLength(1);
  });

  test('an address without TLS is refused, except on this machine', () => {
    const settings = { ...nit.settings, url: 'http://exports.nit.example' };
    expect(() => createNitClient(settings)).toThrow(/NIT_URL: expected an https address/);
  });
});

describe('faults that may pass', () => {
  test('429: the next attempt comes no earlier than Retry-After says', async () => {
    await nit.control({ fault: '429', on: 'create', delayMs: 1000 });
    await client().requestExport(aRequest());
    const { requests } = await nit.seen();
    const refused = requests.findIndex((request) => request.status === 429);
    const before = requests[refused];
    const after = requests[refused + 1];
    expect((after?.atMs ?? 0) - (before?.atMs ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  test('429 with a long Retry-After is handed to the caller instead of waited for', async () => {
    await nit.control({ fault: '429', on: 'create', delayMs: 60_000 });
    const error = await failureOf(client().requestExport(aRequest()));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({ afterMs: 60_000 });
    expect(await requestsOf('create')).toHaveLength(1);
  });

  test('Retry-After as a date counts from the date of the answer', async () => {
    const answer: RequestListener = (_request, response) => {
      response.writeHead(503, {
        date: 'Wed, 21 Oct 2026 07:28:00 GMT',
        'retry-after': 'Wed, 21 Oct 2026 07:30:00 GMT',
      });
      response.end();
    };
    await withServer(answer, async (url) => {
      const error = await failureOf(createNitClient({ ...nit.settings, url }).status('e'));
      expect(error).toMatchObject({ name: 'RetryableError', afterMs: 120_000 });
    });
  });

  test.each(['token', 'create', 'find', 'status', 'part'])('500 on %s passes', async (on) => {
    await nit.control({ fault: '500', on, times: 2 });
    const done = await downloadExtract(await aReadyExport());
    expect(done.fetched).toEqual([1, 2, 3]);
    expect((await requestsOf(on)).filter((request) => request.status === 500)).toHaveLength(2);
  });

  test('500 that does not pass is retryable, after a bounded number of attempts', async () => {
    await nit.control({ fault: '500', on: 'status', times: 100 });
    const error = await failureOf(client().status('nit-000001'));
    expect(error).toMatchObject({ name: 'RetryableError', message: 'NIT answers 500 (status)' });
    expect(await requestsOf('status')).toHaveLength(4);
  });

  test('an answer that is slow but comes is taken', async () => {
    await nit.control({ fault: 'slow', on: 'status', delayMs: 300 });
    await aReadyExport();
    expect(await requestsOf('token')).toHaveLength(1);
  });

  test('an answer that is too slow is asked for again', async () => {
    const impatient = client({ answerMs: 200 });
    const download = await aReadyExport(aRequest(), impatient);
    await nit.control({ fault: 'slow', on: 'part', delayMs: 2_000 });
    const done = await downloadExtract(download);
    expect(done.fetched).toEqual([1, 2, 3]);
    expect(await fetchesOfPart(1)).toBe(2);
  });

  test('silence in the middle of a part ends the attempt', async () => {
    await nit.control({ rows: 2_000, rowsPerPart: 2_000 });
    const impatient = client({ silenceMs: 200 });
    const download = await aReadyExport(aRequest(), impatient);
    await nit.control({ fault: 'slow', on: 'part', afterBytes: 100_000, delayMs: 2_000 });
    await downloadExtract(download);
    expect(await fetchesOfPart(1)).toBe(2);
    expect(await store.files()).toEqual(['1']);
  });

  test('a store slower than the longest silence is no silence of NIT', async () => {
    const slowly: typeof store = {
      ...store,
      storePart: ({ content, ...part }) => {
        async function* waiting() {
          for await (const chunk of content) {
            await new Promise((resolve) => setTimeout(resolve, 400));
            yield chunk;
          }
        }
        return store.storePart({ ...part, content: waiting() });
      },
    };
    const download = await aReadyExport(aRequest(), client({ silenceMs: 200 }));
    const done = await downloadExtract({ ...download, store: slowly });
    expect(done.fetched).toEqual([1, 2, 3]);
    expect(await requestsOf('part')).toHaveLength(3);
  });

  test('another content type, as of a maintenance page, is asked for again', async () => {
    const download = await aReadyExport();
    await nit.control({ fault: 'wrong-type', on: 'status' });
    await nit.control({ fault: 'wrong-type', on: 'part' });
    await downloadExtract(download);
    expect(await fetchesOfPart(1)).toBe(2);
    expect(await store.files()).toEqual(['1', '2', '3']);
  });

  test('a token that expires in the middle of a download is replaced without losing a part', async () => {
    const download = await aReadyExport();
    await nit.control({ fault: 'token-expires', on: 'part', times: 2 });
    const done = await downloadExtract(download);
    expect(done.fetched).toEqual([1, 2, 3]);
    expect((await requestsOf('part')).filter((request) => request.status === 401).length).toBeGreaterThanOrEqual(1);
    expect((await requestsOf('token')).length).toBeGreaterThanOrEqual(2);
  });

  test('a token is renewed before it ends', async () => {
    const short = await startNitSimulator({ TOKEN_SECONDS: '1', ROWS: '10' });
    try {
      const using = createNitClient(short.settings, { retry: fastRetry });
      const { exportId } = await using.requestExport(aRequest());
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      await settled(using, exportId);
      const { requests } = await short.seen();
      expect(requests.filter((request) => request.status === 401)).toEqual([]);
      expect(requests.filter((request) => request.operation === 'token')).toHaveLength(2);
    } finally {
      await short.stop();
    }
  });

  test('NIT that is down is retryable', async () => {
    const gone = createNitClient({ ...nit.settings, url: 'http://127.0.0.1:9' }, { retry: fastRetry });
    expect(await failureOf(gone.status('e'))).toBeInstanceOf(RetryableError);
  });

  test('a wrong secret is permanent and names the settings', async () => {
    const wrong = createNitClient({ ...nit.settings, clientSecret: 'other' }, { retry: fastRetry });
    const error = await failureOf(wrong.status('e'));
    expect(error).toBeInstanceOf(PermanentError);
    expect(error.message).toMatch(/NIT_CLIENT_ID or NIT_CLIENT_SECRET/);
    expect(await requestsOf('token')).toHaveLength(1);
  });

  test('an answer that breaks the contract is permanent and names the field', async () => {
    const answer: RequestListener = (_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ exportId: 'e', state: 'ready', manifest: { rows: -1, parts: [], sha256: '' } }));
    };
    await withServer(answer, async (url) => {
      const error = await failureOf(createNitClient({ ...nit.settings, url }).status('e'));
      expect(error).toMatchObject({ name: 'PermanentError', field: 'manifest.rows, manifest.sha256' });
    });
  });

  test('a redirect is not followed with the token', async () => {
    let reached = 0;
    await withServer(
      () => (reached += 1),
      (elsewhere) =>
        withServer(
          (_request, response) => response.writeHead(302, { location: `${elsewhere}/v1/exports/e` }).end(),
          async (url) => {
            const error = await failureOf(createNitClient({ ...nit.settings, url }, { retry: fastRetry }).status('e'));
            expect(error).toBeInstanceOf(RetryableError);
          },
        ),
    );
    expect(reached).toBe(0);
  });
});

describe('a download that breaks', () => {
  test.each([false, true])('goes on after the last whole part (gzip: %s)', async (gzip) => {
    await nit.control({ rows: 30_000, rowsPerPart: 10_000, gzip });
    const once = client({ retry: { attempts: 1 } });
    const download = await aReadyExport(aRequest(), once);
    const breaking: typeof store = {
      ...store,
      storePart: async (part) => {
        await store.storePart(part);
        if (part.number === 1) await nit.control({ fault: 'break-half-way' });
      },
    };
    const error = await failureOf(downloadExtract({ ...download, store: breaking }));
    expect(error).toBeInstanceOf(RetryableError);
    expect(await store.files()).toEqual(['1']);

    const done = await downloadExtract(download);

    expect(done.fetched).toEqual([2, 3]);
    expect(await fetchesOfPart(1)).toBe(1);
    expect(await fetchesOfPart(2)).toBe(2);
    expect(await fetchesOfPart(3)).toBe(1);
    expect((await store.text()).trimEnd().split('\n')).toHaveLength(30_000);
  });

  test('a break is mended within the download when it passes', async () => {
    const download = await aReadyExport();
    await nit.control({ fault: 'break-half-way', times: 2 });
    await downloadExtract(download);
    expect(await fetchesOfPart(1)).toBe(3);
    expect(await store.files()).toEqual(['1', '2', '3']);
  });

  test('a part that ends early without a fault is asked for again', async () => {
    const download = await aReadyExport();
    await nit.control({ fault: 'short-part' });
    await downloadExtract(download);
    expect(await fetchesOfPart(1)).toBe(2);
  });

  test('told to stop, it ends at once and keeps nothing half', async () => {
    await nit.control({ rows: 100_000, rowsPerPart: 100_000 });
    const download = await aReadyExport();
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    const error = await failureOf(downloadExtract({ ...download, onProgress, signal: stop.signal }));
    expect(error).toMatchObject({ name: 'RetryableError', message: 'the work was stopped before it ended' });
    expect(await store.files()).toEqual([]);
  });

  test("a fault of the store itself is passed on as it is, and ends NIT's answer", async () => {
    const full: typeof store = {
      ...store,
      storePart: async ({ content }) => {
        for await (const _chunk of content) throw new Error('disk full');
      },
    };
    const error = await failureOf(downloadExtract({ ...(await aReadyExport()), store: full }));
    expect(error.message).toBe('disk full');
  });

  test('a store that says stored without reading is found out', async () => {
    const lazy: typeof store = { ...store, storePart: () => Promise.resolve() };
    const error = await failureOf(downloadExtract({ ...(await aReadyExport()), store: lazy }));
    expect(error).toMatchObject({ name: 'PermanentError' });
  });
});

describe('out of scope', () => {
  test.each([
    ['out-of-period', /part 3, row 26: .*occurredAt/],
    ['wrong-system', /system/],
    ['wrong-subject', /actorEmployeeId/],
    ['wrong-fact', /factId/],
    ['extra-field', /a field that the contract does not have/],
  ])('%s: the part is refused and nothing of it is kept', async (fault, message) => {
    await nit.control({ fault, part: 3 });
    const download = await aReadyExport();
    await expectBusinessError(downloadExtract(download), 'NIT_OUT_OF_SCOPE', message);
    expect(await store.files()).toEqual(['1', '2']);
    expect(await fetchesOfPart(3)).toBe(1);
  });

  test('the period is half-open: its first moment is in', async () => {
    // The simulator's first row is of exactly the period's first moment.
    await nit.control({ rows: 1 });
    await downloadExtract(await aReadyExport());
    expect(JSON.parse(await store.text())).toMatchObject({ occurredAt: '2026-01-01T00:00:00.000Z' });
  });

  test('no error repeats anything of a row', async () => {
    for (const fault of ['wrong-subject', 'wrong-fact', 'extra-field', 'bad-row']) {
      await nit.control({ fault, part: 1 });
      const error = await failureOf(downloadExtract(await aReadyExport()));
      expect(error.message).not.toMatch(/nobody|citizenName|obj-|rcp-/);
    }
  });
});

describe('a manifest that does not fit', () => {
  test('lie-rows: the part has fewer rows than it says', async () => {
    await nit.control({ fault: 'lie-rows', part: 2 });
    const download = await aReadyExport();
    await expectBusinessError(downloadExtract(download), 'NIT_MANIFEST_MISMATCH', /part 2: 100 rows where .* 101/);
    expect(await store.files()).toEqual(['1']);
  });

  test('lie-hash: the part has another hash', async () => {
    await nit.control({ fault: 'lie-hash', part: 1 });
    await expectBusinessError(downloadExtract(await aReadyExport()), 'NIT_MANIFEST_MISMATCH', /part 1: the hash/);
    expect(await store.files()).toEqual([]);
  });

  test.each([
    ['lie-hash', 0, /the hash does not fit/],
    ['lie-parts', undefined, /the rows of the parts do not add up/],
  ])('%s (%s): the manifest contradicts itself and nothing is fetched', async (fault, part, message) => {
    await nit.control({ fault, part });
    await expectBusinessError(downloadExtract(await aReadyExport()), 'NIT_MANIFEST_MISMATCH', message);
    expect(await requestsOf('part')).toEqual([]);
  });

  test('missing-part: NIT does not have a part that it lists', async () => {
    const download = await aReadyExport();
    await nit.control({ fault: 'missing-part' });
    await expectBusinessError(downloadExtract(download), 'NIT_MANIFEST_MISMATCH', /does not have part 1/);
    expect(await store.files()).toEqual([]);
  });

  test('a part that always ends early is a mismatch in the end', async () => {
    const download = await aReadyExport();
    await nit.control({ fault: 'short-part', times: 4 });
    await expectBusinessError(downloadExtract(download), 'NIT_MANIFEST_MISMATCH', /part 1 ended after/);
    expect(await store.files()).toEqual([]);
  });

  test('a line that is no row', async () => {
    await nit.control({ fault: 'bad-row', part: 1 });
    await expectBusinessError(downloadExtract(await aReadyExport()), 'NIT_MANIFEST_MISMATCH', /row 51 is not JSON/);
    expect(await store.files()).toEqual([]);
  });

  test('a row longer than any row may be', async () => {
    await nit.control({ fault: 'long-row', part: 1 });
    await expectBusinessError(
      downloadExtract(await aReadyExport()),
      'NIT_MANIFEST_MISMATCH',
      /longer than 65536 bytes/,
    );
    expect(await store.files()).toEqual([]);
  });

  test('more bytes than the manifest says are not read to their end', async () => {
    const request = aRequest();
    const download = await aReadyExport(request);
    const found = await settled(client(), download.exportId);
    if (found.state !== 'ready') throw new Error('not ready');
    const parts = found.manifest.parts.map((part) => ({ ...part, bytes: 10 }));
    const lying = { ...client(), status: () => Promise.resolve({ ...found, manifest: { ...found.manifest, parts } }) };
    await expectBusinessError(
      downloadExtract({ ...download, client: lying }),
      'NIT_MANIFEST_MISMATCH',
      /more than the 10 bytes/,
    );
  });

  test('a manifest that no longer fits what is stored', async () => {
    const download = await aReadyExport();
    await downloadExtract(download);
    await nit.control({ fault: 'lie-hash', part: 2 });
    const changed = await aReadyExport();
    await expectBusinessError(downloadExtract(changed), 'NIT_MANIFEST_MISMATCH', /no longer fits part 2/);
  });
});

describe('the published protocol', () => {
  test('openapi.json is what the schemas say', async () => {
    const file = new URL('../../connectors/nit/openapi.json', import.meta.url);
    // UPDATE_OPENAPI=1 npx jest test/connectors/nit.test.ts writes it anew.
    if (process.env.UPDATE_OPENAPI) await writeFile(file, `${JSON.stringify(openApi(), null, 2)}\n`);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(openApi())));
  });

  test('the rows of the simulator are rows of the published schema', async () => {
    await downloadExtract(await aReadyExport());
    for (const line of (await store.text()).trimEnd().split('\n')) extractRow.parse(JSON.parse(line));
  });

  const row = {
    rowId: 'r',
    occurredAt: '2026-01-15T10:00:00.5+05:00',
    system: 'iisPsc',
    factId: 'F1',
    actorEmployeeId: 'E-1',
    operation: 'record.viewed',
    objectRef: 'o',
    recipientRef: null as unknown,
  };
  const { recipientRef: _, ...withoutRecipient } = row;
  test.each<[boolean, string, unknown]>([
    [true, 'a row', row],
    [true, 'a recipient', { ...row, recipientRef: 'somebody' }],
    [false, 'a field too many', { ...row, more: 1 }],
    [false, 'a field too many named __proto__', JSON.parse(JSON.stringify(row).replace('{', '{"__proto__":{},'))],
    [false, 'no recipient at all', withoutRecipient],
    [false, 'a recipient that is a number', { ...row, recipientRef: 7 }],
    [false, 'an empty id', { ...row, rowId: '' }],
    [false, 'an operation that is a number', { ...row, operation: 7 }],
    [false, 'a moment without a zone', { ...row, occurredAt: '2026-01-15T10:00:00' }],
    [false, 'a day', { ...row, occurredAt: '2026-01-15' }],
    [false, 'a moment that does not exist', { ...row, occurredAt: '2026-01-15T25:00:00Z' }],
    [false, 'a list', [row]],
    [false, 'null', null],
  ])('the check of a row and its schema agree: %p for %s', async (fits, _what, value) => {
    const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const part = { number: 1, rows: 1, bytes: bytes.length, sha256 };
    const read = async () => {
      for await (const _chunk of verifiedPart(Readable.from([bytes]), part, scopeOf(aRequest())));
      return true;
    };
    expect(extractRow.safeParse(value).success).toBe(fits);
    expect(await read().catch(() => false)).toBe(fits);
  });

  test('a row split over many chunks, in the middle of a letter too, is one row', async () => {
    const bytes = Buffer.from(`${JSON.stringify({ ...row, objectRef: 'Қазақстан' })}\n`);
    const part = { number: 1, rows: 1, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    const single = Readable.from([...bytes].map((byte) => Uint8Array.of(byte)));
    const passed: Uint8Array[] = [];
    for await (const chunk of verifiedPart(single, part, scopeOf(aRequest()))) passed.push(chunk);
    expect(Buffer.concat(passed).equals(bytes)).toBe(true);
  });
});
