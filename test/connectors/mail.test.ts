import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createMailer } from '../../connectors/mail/client.js';
import { MailFault, type Mailer, type OutgoingMail } from '../../connectors/mail/contract.js';
import { deliverLetter, type Delivery, type DeliveryPatience } from '../../connectors/mail/deliver.js';
import { newId } from '../../core/ids.js';
import type { Letters, LetterToCompose } from '../../core/letters.js';
import { letterSamples } from '../../local/letter-samples.js';
import { somebody } from '../helpers/database.js';
import { openLetterServices, type LetterServices } from '../helpers/letter-services.js';
import { startMailServer, type MailBehaviour, type MailServer } from '../helpers/mail-server.js';
import { pdfText } from '../helpers/pdf-text.js';

const timeouts = { connectMs: 2000, greetingMs: 2000, silenceMs: 500 };
const from = 'Merzim <no-reply@sc.example>';
let server: MailServer;
let mailer: Mailer;

const others: MailServer[] = [];

const mailerTo = (smtpUrl: string): Mailer => createMailer({ mail: { smtpUrl, from, webUrl: undefined } }, timeouts);
const another = async (options: Parameters<typeof startMailServer>[0]): Promise<MailServer> => {
  const started = await startMailServer(options);
  others.push(started);
  return started;
};
beforeEach(async () => {
  server = await startMailServer();
  mailer = mailerTo(server.url);
});
afterEach(async () => {
  for (const started of [server, ...others.splice(0)]) await started.stop();
});

const mail = (given: Partial<OutgoingMail> = {}): OutgoingMail => ({
  to: 'applicant@example.kz',
  subject: 'Өтініш тіркелді: INS-2026-000017',
  html: '<p>Сіздің өтінішіңіз қабылданды</p>',
  text: 'Сіздің өтінішіңіз қабылданды',
  messageId: '<01J@merzim.invalid>',
  languages: ['kk', 'ru'],
  date: new Date('2026-06-05T05:00:00Z'),
  attachments: [],
  ...given,
});
const faultOf = async (sending: Promise<void>): Promise<unknown> =>
  sending.then(
    () => 'taken',
    (error: unknown) => (error instanceof MailFault ? { kind: error.kind, code: error.code } : error),
  );

describe('a mail', () => {
  test('arrives with its Message-ID, languages, both bodies and attachments, marked as sent by a machine', async () => {
    const content = Readable.from([Buffer.from('%PDF-1.7 ә')]);
    await mailer.send(mail({ attachments: [{ name: 'Түсініктеме.pdf', contentType: 'application/pdf', content }] }));
    const [received] = server.mails;
    expect(received).toMatchObject({
      messageId: '<01J@merzim.invalid>',
      subject: 'Өтініш тіркелді: INS-2026-000017',
      date: new Date('2026-06-05T05:00:00Z'),
      from: { text: expect.stringContaining('no-reply@sc.example') },
      html: '<p>Сіздің өтінішіңіз қабылданды</p>',
    });
    expect(received?.text?.trim()).toBe('Сіздің өтінішіңіз қабылданды');
    expect(received?.headers.get('auto-submitted')).toBe('auto-generated');
    expect(received?.headers.get('content-language')).toBe('kk, ru');
    expect(received?.attachments).toEqual([
      expect.objectContaining({ filename: 'Түсініктеме.pdf', contentType: 'application/pdf' }),
    ]);
    expect(received?.attachments[0]?.content.toString()).toBe('%PDF-1.7 ә');
    expect(server.recipients).toEqual([['applicant@example.kz']]);
  });

  test('can not be turned to more addresses or headers by what stands in it', async () => {
    await mailer
      .send(mail({ subject: 'Тақырып\r\nBcc: eve@example.kz\r\n\r\nмәтін', to: 'a@example.kz' }))
      .catch(() => undefined);
    await mailer.send(mail({ to: 'b@example.kz, eve@example.kz' })).catch(() => undefined);
    expect(server.recipients.flat()).not.toContain('eve@example.kz');
    expect(server.mails.every(({ bcc }) => bcc === undefined)).toBe(true);
  });

  test.each([
    ['an unknown recipient', { recipient: 550 }, 'refused', 'smtp-550'],
    ['a full mailbox', { recipient: 452 }, 'deferred', 'smtp-452'],
    ['a mail that it calls spam', { data: 554 }, 'refused', 'smtp-554'],
    ['grey-listing after the data', { data: 451 }, 'deferred', 'smtp-451'],
    ['a server that is closing', { connection: 421 }, 'deferred', 'smtp-421'],
    ['a server that serves nobody here: no fault of the mail', { connection: 554 }, 'deferred', 'smtp-554'],
    ['a connection that ends instead of the answer', { hangUp: 'instead-of-answer' }, 'unanswered', 'econnection'],
    ['an answer that never comes', { hangUp: 'silence' }, 'unanswered', 'etimedout'],
  ] as [string, MailBehaviour, string, string][])('meets %s', async (_, behaviour, kind, code) => {
    server.behave(behaviour);
    expect(await faultOf(mailer.send(mail()))).toEqual({ kind, code });
  });

  test('that was cut off before its end was certainly not taken', async () => {
    server.behave({ hangUp: 'before' });
    const content = Readable.from(
      (async function* () {
        for (let piece = 0; piece < 2000; piece += 1) {
          await new Promise((resolve) => setImmediate(resolve));
          yield Buffer.alloc(16_384, piece);
        }
      })(),
    );
    const attachments = [{ name: 'x.bin', contentType: 'application/octet-stream', content }];
    expect(await faultOf(mailer.send(mail({ attachments })))).toMatchObject({ kind: 'deferred' });
  });

  test('to a server that is not there is deferred', async () => {
    await server.stop();
    expect(await faultOf(mailer.send(mail()))).toEqual({ kind: 'deferred', code: 'esocket' });
  });

  test('with a wrong password is deferred: the setting is wrong, not the mail', async () => {
    const secured = await another({ authOptional: false, allowInsecureAuth: true });
    secured.behave({ signIn: 535 });
    const own = mailerTo(secured.url.replace('smtp://', 'smtp://relay:wrong@'));
    expect(await faultOf(own.send(mail()))).toEqual({ kind: 'deferred', code: 'smtp-535' });
    expect(await faultOf(own.verify())).toEqual({ kind: 'deferred', code: 'smtp-535' });
    secured.behave({});
    expect(await faultOf(own.send(mail()))).toBe('taken');
    expect(await faultOf(own.verify())).toBe('taken');
  });

  test('without a password where the server demands one is deferred', async () => {
    const secured = await another({ authOptional: false, allowInsecureAuth: true });
    expect(await faultOf(mailerTo(secured.url).send(mail()))).toEqual({ kind: 'deferred', code: 'smtp-530' });
  });

  test('larger than the server takes is refused', async () => {
    const small = await another({ size: 1000, rejectOversized: true });
    const fault = await faultOf(mailerTo(small.url).send(mail({ text: 'ә'.repeat(5000) })));
    expect(fault).toEqual({ kind: 'refused', code: 'smtp-552' });
  });

  test('whose attachment can not be read is not sent, and the reason comes back as it is', async () => {
    const content = Readable.from(
      (async function* () {
        yield Buffer.from('begin');
        await Promise.reject(new RangeError('altered'));
      })(),
    );
    const attachments = [{ name: 'x', contentType: 'text/plain', content }];
    expect(await faultOf(mailer.send(mail({ attachments })))).toBeInstanceOf(RangeError);
    expect(server.mails).toHaveLength(0);
  });

  test('leaves no address in the message of its fault', async () => {
    server.behave({ recipient: 550 });
    const error = await mailer.send(mail({ to: 'canary@example.kz' })).catch((fault: unknown) => fault as Error);
    expect((error as Error).message).toBe('mail refused: smtp-550');
  });

  test('to a server that demands TLS is sent over TLS only', async () => {
    const own = mailerTo(`${server.url}/?requireTLS=true`);
    expect(await faultOf(own.send(mail()))).toMatchObject({ kind: 'deferred' });
    expect(server.mails).toHaveLength(0);
  });
});

describe('delivering a letter', () => {
  let services: LetterServices;
  beforeAll(async () => {
    services = await openLetterServices();
  });
  afterAll(() => services.database.drop());

  const deliver = async (
    letterId: string,
    patience?: DeliveryPatience,
    given: Partial<{ letters: Letters }> = {},
  ): Promise<Delivery> => deliverLetter({ ...services, mailer, ...given }, await services.claim(letterId), patience);
  const state = async (letterId: string) => {
    const record = await services.letters.find(letterId);
    return { state: record?.state, possibleDouble: record?.possibleDouble };
  };
  const mailEntry = async (caseId: string) => (await services.entries(caseId)).find(({ kind }) => kind === 'mail');
  const delivered = async (caseId: string) =>
    (await services.entries(caseId)).filter(({ kind }) => kind === 'message').map(({ message }) => message?.variables);

  test('sends it with its PDF, keeps that PDF, and tells process and trail', async () => {
    const { letterId, caseId, number } = await services.compose();
    expect(await deliver(letterId)).toEqual({ outcome: 'sent', letterId });
    const record = await services.letters.find(letterId);
    const [received] = server.mails;
    expect(received?.messageId).toBe(`<${letterId}@merzim.invalid>`);
    expect(received?.subject).not.toContain('Canary');
    expect(received?.attachments.map(({ filename }) => filename)).toEqual([`${number}.pdf`]);
    const pdf = received?.attachments[0]?.content ?? Buffer.alloc(0);
    expect(pdfText(pdf).pages[0]).toContain(number);
    expect(createHash('sha256').update(pdf).digest('hex')).toBe(record?.pdfSha256);
    expect(await services.files.discard(record?.pdfFileId ?? '')).toBe(false);
    expect(record).toMatchObject({ state: 'sent', handoverAt: null, possibleDouble: false });
    expect(await delivered(caseId)).toEqual([{ deliveryOutcome: 'sent', sentAt: record?.sentAt?.toISOString() }]);
    expect(await services.acts(caseId)).toEqual(['letter.composed', 'letter.sent']);
    expect(await mailEntry(caseId)).toMatchObject({ state: 'sent' });
  });

  test('sends the files of the case that the letter carries', async () => {
    const caseId = newId();
    const subjectId = await services.vault.createSubject(null, 'case');
    const file = await services.files.store({
      content: Readable.from([Buffer.from('түсініктеме')]) as AsyncIterable<Uint8Array>,
      ...{ subjectId, caseId, contentType: 'text/plain' },
    });
    await services.database.transaction(somebody, (tx) =>
      services.files.adopt(tx, file.fileId, { usedBy: 'document:1' }),
    );
    const { letterId } = await services.compose({
      caseId,
      attachments: [{ fileId: file.fileId, name: 'түсініктеме.txt' }],
    });
    await deliver(letterId);
    expect(server.mails[0]?.attachments.map(({ filename }) => filename)).toEqual([
      expect.any(String),
      'түсініктеме.txt',
    ]);
    expect(server.mails[0]?.attachments[1]?.content.toString()).toBe('түсініктеме');
  });

  test('refused for good: the letter has failed, a person is asked, and a corrected address gets it', async () => {
    const { letterId, caseId } = await services.compose();
    server.behave({ recipient: 550 });
    expect(await deliver(letterId)).toEqual({ outcome: 'failed', letterId });
    expect(await services.letters.find(letterId)).toMatchObject({
      state: 'failed',
      failure: { code: 'smtp-550' },
      handoverAt: null,
    });
    expect(await delivered(caseId)).toEqual([{ deliveryOutcome: 'failed', sentAt: null }]);
    expect(await mailEntry(caseId)).toMatchObject({ state: 'failed', lastErrorCode: 'smtp-550' });
    server.behave({});
    await services.database.transaction(somebody, (tx) =>
      services.letters.resend(tx, letterId, { email: 'right@example.kz' }),
    );
    expect(await deliver(letterId)).toEqual({ outcome: 'sent', letterId });
    expect(server.recipients).toEqual([['right@example.kz']]);
    expect(await state(letterId)).toEqual({ state: 'sent', possibleDouble: false });
  });

  test('put off: it is tried again later and later, and is no possible double', async () => {
    const { letterId, caseId } = await services.compose();
    server.behave({ data: 451 });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const later = await deliver(letterId);
      expect(later).toMatchObject({ outcome: 'later', code: 'smtp-451' });
      if (later.outcome === 'later') waits.push(later.afterMs);
      expect(await mailEntry(caseId)).toMatchObject({ state: 'pending', leaseUntil: null, lastErrorCode: 'smtp-451' });
    }
    for (const [attempt, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(30_000 * 2 ** attempt * 0.8);
      expect(wait).toBeLessThanOrEqual(30_000 * 2 ** attempt * 1.2);
    }
    server.behave({});
    expect(await deliver(letterId)).toEqual({ outcome: 'sent', letterId });
    expect(await state(letterId)).toEqual({ state: 'sent', possibleDouble: false });
    expect(server.mails).toHaveLength(1);
  });

  test.each(['instead-of-answer', 'silence'] as const)(
    'taken, but %s: it goes out again under the same Message-ID, flagged as a possible double',
    async (hangUp) => {
      const { letterId, caseId } = await services.compose();
      server.behave({ hangUp });
      expect(await deliver(letterId)).toMatchObject({ outcome: 'later' });
      expect(await state(letterId)).toEqual({ state: 'composed', possibleDouble: false });
      server.behave({});
      await deliver(letterId);
      expect(await state(letterId)).toEqual({ state: 'sent', possibleDouble: true });
      expect(server.mails.map(({ messageId }) => messageId)).toEqual(Array(2).fill(`<${letterId}@merzim.invalid>`));
      expect(
        server.mails[0]?.attachments[0]?.content.equals(server.mails[1]?.attachments[0]?.content ?? Buffer.alloc(0)),
      ).toBe(true);
      expect((await services.trail.list(caseId)).at(-1)).toMatchObject({
        type: 'letter.sent',
        data: { possibleDouble: true },
      });
      expect(await delivered(caseId)).toHaveLength(1);
    },
  );

  test('taken, but the relay dies before it notes that: the same', async () => {
    const { letterId, caseId } = await services.compose();
    const dying = { ...services.letters, markSent: () => Promise.reject(new Error('killed')) };
    await expect(deliver(letterId, undefined, { letters: dying })).rejects.toThrow('killed');
    expect(await mailEntry(caseId)).toMatchObject({ state: 'pending' });
    expect(await deliver(letterId)).toEqual({ outcome: 'sent', letterId });
    expect(await state(letterId)).toEqual({ state: 'sent', possibleDouble: true });
    expect(new Set(server.mails.map(({ messageId }) => messageId)).size).toBe(1);
  });

  test('two relays at one letter, the lease of the first having run out: one message, one entry in the trail', async () => {
    const { letterId, caseId } = await services.compose();
    const first = await services.claim(letterId);
    const second = await services.claim(letterId);
    const outcomes = await Promise.all([first, second].map((entry) => deliverLetter({ ...services, mailer }, entry)));
    expect(outcomes.map(({ outcome }) => outcome)).toContain('sent');
    expect(await services.acts(caseId)).toEqual(['letter.composed', 'letter.sent']);
    expect(await delivered(caseId)).toHaveLength(1);
    expect((await state(letterId)).possibleDouble).toBe(server.mails.length > 1);
    const record = await services.letters.find(letterId);
    const pdfs = await services.database.connection
      .collection('files.files')
      .countDocuments({ 'metadata.caseId': caseId });
    expect({ pdfs, kept: record?.pdfFileId !== null }).toEqual({ pdfs: 1, kept: true });
  });

  test('that was sent already does nothing but settle its entry', async () => {
    const { letterId, caseId } = await services.compose();
    await services.database.transaction(somebody, (tx) => services.letters.markSent(tx, letterId));
    expect(await deliver(letterId)).toEqual({ outcome: 'nothing-to-do', letterId });
    expect(server.mails).toHaveLength(0);
    expect(await mailEntry(caseId)).toMatchObject({ state: 'sent' });
  });

  test('given up after the patience has run out, and not a moment before', async () => {
    const { letterId } = await services.compose();
    await server.stop();
    const patience = { firstWaitMs: 10, longestWaitMs: 20, giveUpAfterMs: 60_000 };
    expect(await deliver(letterId, patience)).toMatchObject({ outcome: 'later', code: 'esocket' });
    expect(await deliver(letterId, { ...patience, giveUpAfterMs: -1 })).toEqual({ outcome: 'failed', letterId });
    expect(await services.letters.find(letterId)).toMatchObject({ state: 'failed', failure: { code: 'gave-up' } });
  });

  test.each([
    ['whose subject was erased', 'subject-erased', {}],
    ['with a file that is gone', 'unreadable', { attachments: [{ fileId: newId(), name: 'x.pdf' }] }],
  ] as [string, string, Partial<LetterToCompose>][])(
    '%s: it has failed, and nothing is sent',
    async (_, code, given) => {
      const dataSubjectId = await services.vault.createSubject(null, 'employee');
      const { letterId, caseId } = await services.compose({
        dataSubjectId,
        data: letterSamples['inspection/receipt'] ?? {},
        ...given,
      });
      if (code === 'subject-erased')
        await services.database.connection
          .collection<{ _id: string }>('subject-keys')
          .updateOne({ _id: dataSubjectId }, { $set: { wrapped: null } });
      const afresh = await services.reopen();
      const entry = await services.claim(letterId);
      expect(await deliverLetter({ ...afresh, mailer }, entry)).toEqual({ outcome: 'failed', letterId });
      expect(await services.letters.find(letterId)).toMatchObject({
        state: 'failed',
        failure: { code },
        handoverAt: null,
      });
      expect(await delivered(caseId)).toEqual([{ deliveryOutcome: 'failed', sentAt: null }]);
      expect(server.mails).toHaveLength(0);
      await afresh.database.close();
    },
  );

  test('of an entry that names no letter settles the entry alone', async () => {
    const caseId = newId();
    const letterId = newId();
    await services.database.transaction(somebody, (tx) => services.outbox.mail(tx, { caseId, letterId }));
    expect(await deliver(letterId)).toEqual({ outcome: 'nothing-to-do', letterId });
    expect(await mailEntry(caseId)).toMatchObject({ state: 'failed', lastErrorCode: 'no-such-letter' });
  });
});
