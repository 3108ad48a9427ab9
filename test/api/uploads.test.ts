import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApiSite, pdf, type Caller, type Part, type SeenProblem, type UploadedFile } from '../helpers/api-site.js';

const maxBytes = 200_000;
const note: UploadedFile = { name: 'түсініктеме.txt', type: 'text/plain', content: 'Мен ешкімге бермедім.\n' };
const paper: UploadedFile = { name: 'scan.pdf', type: 'application/pdf', content: pdf(5000) };
const employeeNote = 'employeeExplanatoryNote';

let site: ApiSite;
let officer: Caller;
let employee: Caller;
let number: string;

beforeAll(async () => {
  site = await ApiSite.start({ UPLOAD_MAX_BYTES: String(maxBytes) });
  [officer, employee] = await Promise.all([site.as('iss.ala'), site.as('employee.ala1')]);
});
beforeAll(async () => {
  number = await site.file('SC-1018');
});
afterAll(() => site.stop());

const file = (given: Partial<UploadedFile> = {}): Part => ['file', { ...paper, ...given }];
const toCase = (parts: readonly Part[], of = number) => officer.upload(`/api/cases/${of}/documents`, parts);
const documentsOf = async (of: string) =>
  (await officer.get(`/api/cases/${of}`)).json<{ documents: { documentId: string; name: string; sha256: string }[] }>()
    .documents;
const sentMessages = async (of: string) =>
  (await site.outboxOf(of)).flatMap(({ message }) => (message?.name === 'document.received' ? [message] : []));

describe('a document that an officer adds', () => {
  test('is in the case with its hash, and is given out byte by byte with its digest', async () => {
    const response = await toCase([file()]);
    expect(response.statusCode).toBe(201);
    const { documentId } = response.json<{ documentId: string }>();
    const sha256 = createHash('sha256').update(paper.content).digest();
    expect(await documentsOf(number)).toContainEqual(
      expect.objectContaining({ documentId, name: 'scan.pdf', sha256: sha256.toString('hex'), kind: 'material' }),
    );
    const content = await officer.get(`/api/cases/${number}/documents/${documentId}`);
    expect(content.statusCode).toBe(200);
    expect(content.rawPayload.equals(Buffer.from(paper.content))).toBe(true);
    expect(content.headers).toMatchObject({
      'content-type': 'application/pdf',
      'content-length': '5000',
      'repr-digest': `sha-256=:${sha256.toString('base64')}:`,
      'x-content-type-options': 'nosniff',
    });
    expect(content.headers['content-disposition']).toMatch(/^attachment; filename\*=UTF-8''scan\.pdf$/);
  });

  test('is not stored as it was sent', async () => {
    const secret = 'Құпия түсініктеме мәтіні';
    expect((await toCase([file({ ...note, content: secret, name: 'Құпияүйсінбеков.txt' })])).statusCode).toBe(201);
    const { connection } = site.services.database;
    const chunks = await connection.db!.collection<{ data: { buffer: Buffer } }>('files.chunks').find().toArray();
    expect(chunks.some(({ data }) => Buffer.from(data.buffer).includes(secret))).toBe(false);
    const stored = await connection.db!.collection('files.files').find().toArray();
    expect(JSON.stringify(stored)).not.toContain('Құпияүйсінбеков');
  });

  test('that names an open request settles it, and frees the waiting task with one message', async () => {
    const own = await site.file('SC-1018');
    const { requestId } = await site.ask(own, 'personalCharacteristic');
    const response = await toCase([['requestId', requestId], file(note)], own);
    expect(response.statusCode).toBe(201);
    const { documentId } = response.json<{ documentId: string }>();
    expect(await site.services.documents.find(requestId)).toMatchObject({ state: 'received', documentId });
    expect(await sentMessages(own)).toEqual([
      expect.objectContaining({ correlationKey: requestId, messageId: documentId }),
    ]);
    expect(await site.services.documents.document(documentId)).toMatchObject({ kind: 'personalCharacteristic' });
    const { record } = await site.caseOf(own);
    const letters = await site.services.letters.ofCase(record._id);
    expect(letters.map(({ template }) => template)).toContain('inspection/document-receipt');
  });

  test('of the HR office says whether there are sanctions (R5)', async () => {
    const own = await site.file('SC-1018');
    const { requestId } = await site.ask(own, 'hrSanctionsCertificate');
    const silent = await toCase([['requestId', requestId], file()], own);
    expect(silent.statusCode).toBe(422);
    expect(silent.json<SeenProblem>().errors).toEqual([
      expect.objectContaining({ field: 'sanctionsPresent', code: 'missing' }),
    ]);
    const said = await toCase([['requestId', requestId], ['sanctionsPresent', 'true'], file()], own);
    expect(said.statusCode).toBe(201);
    const { documentId } = said.json<{ documentId: string }>();
    expect(await site.services.documents.document(documentId)).toMatchObject({ sanctionsPresent: true });
  });
});

describe('the name of a document', () => {
  test.each([
    ['quotes and signs', `a"b'c(d)*e;f=g.pdf`],
    ['Kazakh letters', 'Қызметтік хат — әкімге.pdf'],
    ['characters beyond the basic plane', 'scan 😀.pdf'],
    ['percent signs', '100%25 %0d%0a.pdf'],
  ])('with %s comes back as it was and breaks no header', async (_what, name) => {
    const own = await site.file('SC-1018');
    // A browser escapes a quote in the name as %22 (HTML, multipart/form-data); the byte itself would end the parameter.
    const sent = await toCase([file({ name: name.replaceAll('"', '\\"') })], own);
    expect(sent.statusCode).toBe(201);
    const { documentId } = sent.json<{ documentId: string }>();
    const { headers } = await officer.get(`/api/cases/${own}/documents/${documentId}`);
    const value = /^attachment; filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]+)$/.exec(
      String(headers['content-disposition']),
    );
    expect(decodeURIComponent(value?.[1] ?? '')).toBe(name);
    expect((await documentsOf(own))[0]?.name).toBe(name);
  });

  test('with control characters loses them; one too long keeps its ending', async () => {
    const own = await site.file('SC-1018');
    expect((await toCase([file({ name: `a\u0001\u007fb\u2028c.pdf` })], own)).statusCode).toBe(201);
    expect((await toCase([file({ name: `${'ұ'.repeat(400)}.pdf` })], own)).statusCode).toBe(201);
    const names = (await documentsOf(own)).map(({ name }) => name);
    expect(names[0]).toBe('abc.pdf');
    expect(names[1]).toHaveLength(200);
    expect(names[1]).toMatch(/ұ\.pdf$/);
  });
});

/** Everything that is refused whoever sends it: what, the parts, the status, the field and the code. */
const refusals: [what: string, parts: () => Part[], status: number, field: string, code: string][] = [
  ['a file that is too large', () => [file({ content: pdf(maxBytes + 1) })], 413, 'file', 'too-large'],
  ['an empty file', () => [file({ content: '' })], 422, 'file', 'empty-file'],
  [
    'a program with the name of a PDF',
    () => [file({ content: Buffer.from('MZ\u0000\u0001') })],
    415,
    'file',
    'content-mismatch',
  ],
  [
    'a PDF that says it is a picture',
    () => [file({ name: 'a.png', type: 'image/png' })],
    415,
    'file',
    'content-mismatch',
  ],
  ['a name that does not fit the type', () => [file({ name: 'a.exe' })], 415, 'file', 'extension-mismatch'],
  [
    'a type that is not accepted',
    () => [file({ name: 'a.html', type: 'text/html', content: '<script>' })],
    415,
    'file',
    'type-not-accepted',
  ],
  [
    'text that turns binary within the first bytes',
    () => [file({ ...note, content: `${'a'.repeat(30_000)}\u0000` })],
    415,
    'file',
    'content-mismatch',
  ],
  ['no file', () => [['lineId', '']], 422, 'file', 'missing'],
  ['a field after the file', () => [file(), ['sanctionsPresent', 'true']], 422, 'sanctionsPresent', 'after-file'],
  ['two files', () => [file(), file()], 422, 'file', 'one-file'],
  ['an unknown field', () => [['color', 'red'], file()], 422, 'color', 'unknown-field'],
  ['a field that is there twice', () => [['lineId', ''], ['lineId', ''], file()], 422, 'lineId', 'twice'],
  ['a file under another name', () => [['document', paper]], 422, 'document', 'unknown-field'],
];

const mustRefuse = async (
  send: () => Promise<{ statusCode: number; headers: Record<string, unknown>; json(): unknown }>,
  status: number,
  field: string,
  code: string,
): Promise<void> => {
  const before = await site.holdings();
  const response = await send();
  const problem = response.json() as SeenProblem;
  expect([response.statusCode, response.headers['content-type']]).toEqual([status, 'application/problem+json']);
  expect(problem.errors).toEqual([{ field, code, detail: expect.stringMatching(/\S{3}/) }]);
  expect(await site.holdings()).toEqual(before);
};

describe.each(refusals)('%s', (_what, parts, status, field, code) => {
  test('by an officer is refused by name, and nothing of it remains', () =>
    mustRefuse(() => toCase(parts()), status, field, code));

  test('by the addressee is refused by name, nothing remains, and the request stays open', async () => {
    const own = await site.file('SC-1018');
    const { requestId } = await site.ask(own, employeeNote);
    await mustRefuse(() => employee.upload(`/requests/${requestId}`, parts()), status, field, code);
    expect(await site.services.documents.find(requestId)).toMatchObject({ state: 'requested' });
  });

  test('by the link is refused by name, nothing remains, and the link stays good', async () => {
    const own = await site.file('SC-1018');
    const { link } = await site.ask(own, employeeNote);
    await mustRefuse(() => site.anybody.upload(link, parts()), status, field, code);
    expect((await site.anybody.upload(link, [file(note)])).statusCode).toBe(200);
  });
});

describe('an upload to a case', () => {
  test.each([
    ['requestId', '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'no-open-request'],
    ['requestId', '../../etc', 'id'],
    ['lineId', '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'unknown-line'],
    ['kind', 'gossip', 'not-one-of'],
    ['sanctionsPresent', 'perhaps', 'not-one-of'],
  ] as const)('with the %s %p is refused', (field, value, code) =>
    mustRefuse(() => toCase([[field, value], file()]), 422, field, code),
  );

  test('can not answer a request of another case, nor one that is settled', async () => {
    const [own, other] = [await site.file('SC-1018'), await site.file('SC-1018')];
    const foreign = await site.ask(other, employeeNote);
    await mustRefuse(
      () => toCase([['requestId', foreign.requestId], file()], own),
      422,
      'requestId',
      'no-open-request',
    );
    expect((await toCase([['requestId', foreign.requestId], file()], other)).statusCode).toBe(201);
    await mustRefuse(
      () => toCase([['requestId', foreign.requestId], file()], other),
      422,
      'requestId',
      'no-open-request',
    );
  });

  test('that is no multipart body is refused, naming the type', async () => {
    await mustRefuse(
      () => officer.post(`/api/cases/${number}/documents`, { kind: 'material' }),
      415,
      'content-type',
      'multipart',
    );
  });

  test.each([
    [
      'breaks off in the file',
      `--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n${pdf().toString()}`,
    ],
    ['has no parts', 'nothing of the kind'],
    ['would change prototypes', `--b\r\nContent-Disposition: form-data; name="__proto__"\r\n\r\nx\r\n--b--\r\n`],
  ])('whose body %s is malformed, and nothing remains', (_what, payload) =>
    mustRefuse(
      () =>
        officer.request({
          method: 'POST',
          url: `/api/cases/${number}/documents`,
          headers: { 'content-type': 'multipart/form-data; boundary=b' },
          payload,
        }),
      400,
      'body',
      'multipart',
    ),
  );

  test('without a boundary is malformed', () =>
    mustRefuse(
      () =>
        officer.request({
          method: 'POST',
          url: `/api/cases/${number}/documents`,
          headers: { 'content-type': 'multipart/form-data' },
          payload: 'x',
        }),
      400,
      'body',
      'multipart',
    ));

  test('of a closed case is refused, and nothing remains', async () => {
    const own = await site.file('SC-1018');
    await site.close(own);
    const before = await site.holdings();
    const response = await toCase([file()], own);
    expect(response.statusCode).toBe(409);
    expect(response.json<SeenProblem>().type).toBe('urn:merzim:problem:case-closed');
    expect(await site.holdings()).toEqual(before);
  });
});

describe('an addressee', () => {
  test('sees the request without the number of the case, and answers it once', async () => {
    const own = await site.file('SC-1018');
    const { requestId } = await site.ask(own, employeeNote);
    const shown = await employee.page('/requests');
    expect(shown.body).toContain(`/requests/${requestId}`);
    expect(shown.body).not.toContain(own);
    expect((await employee.upload(`/requests/${requestId}`, [file(note)])).statusCode).toBe(303);
    expect(await sentMessages(own)).toHaveLength(1);
    expect((await employee.page('/requests')).body).not.toContain(requestId);
    const before = await site.holdings();
    expect((await employee.upload(`/requests/${requestId}`, [file(note)])).statusCode).toBe(404);
    expect(await site.holdings()).toEqual(before);
  });

  test('of another request, and nobody, can not answer it: it is not there', async () => {
    const own = await site.file('SC-1018');
    const { requestId } = await site.ask(own, employeeNote);
    const before = await site.holdings();
    for (const login of ['employee.ala2', 'head.ala1', 'iss.ala', 'auditor']) {
      const stranger = await site.as(login);
      const [theirs, none] = await Promise.all(
        [requestId, '01ARZ3NDEKTSV4RRFFQ69G5FAV'].map((id) => stranger.upload(`/requests/${id}`, [file(note)])),
      );
      expect([theirs!.statusCode, none!.statusCode]).toEqual([404, 404]);
      expect({ ...theirs!.json<SeenProblem>(), instance: '' }).toEqual({ ...none!.json<SeenProblem>(), instance: '' });
    }
    expect((await site.anybody.upload(`/requests/${requestId}`, [file(note)])).statusCode).toBe(401);
    expect(await site.holdings()).toEqual(before);
  });

  test('ten times at once is answered once; nothing of the others remains', async () => {
    const own = await site.file('SC-1018');
    const { requestId } = await site.ask(own, employeeNote);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => employee.upload(`/requests/${requestId}`, [file(note)])),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 303)).toHaveLength(1);
    expect(answers.every(({ statusCode }) => [303, 404, 422].includes(statusCode))).toBe(true);
    expect(await documentsOf(own)).toHaveLength(1);
    expect(await sentMessages(own)).toHaveLength(1);
    const orphans = await site.services.database.connection.collection('file-orphans').countDocuments();
    expect(orphans).toBe(0);
  });

  test('of a case that has ended has no request any more', async () => {
    const own = await site.file('SC-1018');
    const { requestId, link } = await site.ask(own, employeeNote);
    await site.close(own);
    expect((await employee.page('/requests')).body).not.toContain(requestId);
    const before = await site.holdings();
    for (const answer of [
      await employee.upload(`/requests/${requestId}`, [file(note)]),
      await site.anybody.upload(link, [file(note)]),
      await site.anybody.page(link),
    ]) {
      expect(answer.statusCode).toBe(404);
      expect(answer.body).not.toContain(own);
    }
    expect(await site.holdings()).toEqual(before);
  });
});

describe('a one-time link', () => {
  test('shows what is asked and nothing of the inspection, takes one document, and is used then', async () => {
    const own = await site.file('SC-1018');
    const { requestId, link } = await site.ask(own, employeeNote);
    const shown = await site.anybody.page(link);
    expect(shown.statusCode).toBe(200);
    expect(shown.body).not.toContain(own);
    expect(shown.headers['cache-control']).toBe('no-store');
    expect((await site.anybody.upload(link, [file(note)])).statusCode).toBe(200);
    expect(await site.services.documents.find(requestId)).toMatchObject({ state: 'received' });
    const [document] = await site.services.documents.documentsOfCase((await site.caseOf(own)).record._id);
    expect(document).toMatchObject({ addedBy: 'link:SC-1018', kind: employeeNote });
    const before = await site.holdings();
    for (const used of [await site.anybody.get(link), await site.anybody.upload(link, [file(note)])]) {
      expect(used.statusCode).toBe(404);
      expect(used.json<SeenProblem>().type).toBe('urn:merzim:problem:link-used');
    }
    expect(await site.holdings()).toEqual(before);
  });

  test('of before a reminder is good no more; the new one is', async () => {
    const own = await site.file('SC-1018');
    const { requestId, link } = await site.ask(own, employeeNote);
    const newer = await site.remind(requestId);
    expect(newer).not.toBe(link);
    expect((await site.anybody.upload(link, [file(note)])).json<SeenProblem>().type).toBe(
      'urn:merzim:problem:link-used',
    );
    expect((await site.anybody.upload(newer, [file(note)])).statusCode).toBe(200);
  });

  test('that was never given is answered as one that was used', async () => {
    const own = await site.file('SC-1018');
    const { link } = await site.ask(own, employeeNote);
    await site.anybody.upload(link, [file(note)]);
    const [used, never] = [await site.anybody.get(link), await site.anybody.get(`/upload/${'0'.repeat(32)}`)];
    expect({ ...never.json<SeenProblem>(), instance: '' }).toEqual({ ...used.json<SeenProblem>(), instance: '' });
  });
});

test('a refused upload of many megabytes is answered over the network, and leaves no connection that would not close', async () => {
  const own = await ApiSite.start({ UPLOAD_MAX_BYTES: String(maxBytes) });
  const address = await own.app.listen({ host: '127.0.0.1', port: 0 });
  const { link } = await own.ask(await own.file('SC-1018'), employeeNote);
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(pdf(20_000_000))], { type: 'application/pdf' }), 'a.pdf');
  const response = await fetch(`${address}${link}`, { method: 'POST', body: form });
  expect(response.status).toBe(413);
  await response.arrayBuffer();
  await own.stop();
});
