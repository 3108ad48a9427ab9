import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PermanentError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { LetterToCompose } from '../../core/letters.js';
import { loadTemplate } from '../../core/letter-template.js';
import { SubjectErasedError } from '../../core/vault.js';
import { letterSamples } from '../../local/letter-samples.js';
import { scanForPlaintext } from '../helpers/canary.js';
import { somebody } from '../helpers/database.js';
import { openLetterServices, type LetterServices } from '../helpers/letter-services.js';
import { pdfText } from '../helpers/pdf-text.js';

let services: LetterServices;

beforeAll(async () => {
  services = await openLetterServices();
});
afterAll(() => services.database.drop());

const find = async (letterId: string) => {
  const record = await services.letters.find(letterId);
  if (!record) throw new Error('no such letter');
  return record;
};
const inTransaction = <T>(work: Parameters<typeof services.database.transaction<T>>[1]) =>
  services.database.transaction(somebody, work);
const raw = async (collection: string) =>
  JSON.stringify(await services.database.connection.collection(collection).find().toArray());

describe('composing', () => {
  test('gives the letter its own number, an entry in the trail and one in the outbox', async () => {
    const { letterId, number, caseId } = await services.compose();
    expect(number).toMatch(/^OUT-\d{4}-\d{6}$/);
    expect(await find(letterId)).toMatchObject({
      number,
      caseId,
      state: 'composed',
      languages: ['kk', 'ru'],
      messageId: `<${letterId}@merzim.invalid>`,
      dispatch: 1,
      possibleDouble: false,
      pdfFileId: null,
    });
    expect(await services.entries(caseId)).toEqual([
      expect.objectContaining({ kind: 'mail', mail: { letterId }, state: 'pending' }),
    ]);
    expect(await services.trail.list(caseId)).toEqual([
      expect.objectContaining({
        type: 'letter.composed',
        subject: letterId,
        data: expect.objectContaining({ number }),
      }),
    ]);
  });

  test('numbers letters without a gap, also when many are composed at once and one is rolled back', async () => {
    const first = Number((await services.compose()).number.slice(-6));
    const composed = await Promise.all(
      Array.from({ length: 8 }, async (_, index) =>
        services.compose(index === 3 ? { data: {} } : {}).catch((error: unknown) => error),
      ),
    );
    expect(composed[3]).toBeInstanceOf(PermanentError);
    const numbers = composed.flatMap((letter) =>
      'number' in (letter as object) ? [Number((letter as { number: string }).number.slice(-6))] : [],
    );
    expect(numbers.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7].map((step) => first + step));
  });

  test('keeps name, address, values and file names sealed', async () => {
    const fileId = newId();
    await services.compose({
      recipient: {
        subjectId: await services.vault.createSubject(null, 'person'),
        name: 'Canary Зарина',
        email: 'canary.zarina@example.kz',
      },
      data: { ...letterSamples['inspection/receipt'], accessCode: 'CANARY-CODE' },
      attachments: [{ fileId, name: 'canary Зарина.pdf' }],
    });
    expect(await scanForPlaintext(services.database, ['canary.zarina', 'Зарина', 'CANARY-CODE'])).toEqual([]);
    expect((await scanForPlaintext(services.database, [fileId])).map(({ collection }) => collection)).toContain(
      'letters',
    );
  });

  test.each([
    ['a placeholder that is missing', { data: {} }, 'caseNumber'],
    ['a placeholder too many', { data: { ...letterSamples['inspection/receipt'], phone: '1' } }, 'phone'],
    ['a letter that is not there', { template: 'inspection/rumour' }, 'template'],
    ['a language that it is not written in', { languages: ['kk', 'en'] }, 'template'],
    ['no language', { languages: [] }, 'languages'],
  ] as [string, Partial<LetterToCompose>, string][])('refuses %s, with nothing left of it', async (_, given, field) => {
    const caseId = newId();
    await expect(services.compose({ caseId, ...given })).rejects.toMatchObject({ name: 'PermanentError', field });
    expect(await services.letters.ofCase(caseId)).toEqual([]);
    expect(await services.entries(caseId)).toEqual([]);
    expect(await services.acts(caseId)).toEqual([]);
  });

  test.each(['', 'nobody', 'a@b, c@d', 'a@b>', 'a@b\r\nBcc: c@d', 'a b@c'])('refuses the address %j', async (email) => {
    const subjectId = await services.vault.createSubject(null, 'person');
    await expect(services.compose({ recipient: { subjectId, email } })).rejects.toMatchObject({
      field: 'recipient.email',
    });
  });

  test('works for a subject that the same transaction makes', async () => {
    const caseId = newId();
    await inTransaction(async (tx) => {
      const subjectId = await services.vault.createSubject(tx, 'person');
      const recipient = { subjectId, email: 'new@example.kz' };
      const data = letterSamples['inspection/receipt'] ?? {};
      return services.letters.compose(tx, {
        caseId,
        template: 'inspection/receipt',
        languages: ['ru'],
        recipient,
        data,
        purpose: 'receipt',
      });
    });
    expect(await services.letters.ofCase(caseId)).toHaveLength(1);
  });
});

describe('rendering', () => {
  test('shows number, addressee and values of a stored letter, moments included', async () => {
    const { letterId, number } = await services.compose();
    const { pages } = pdfText(await services.letters.render(letterId));
    expect(pages[0]).toContain(number);
    expect(pages[0]).toContain('Canary Әбілқасымова');
    expect(pages[0]).toContain('2026 жылғы 5 маусым, сағат 09:31');
    const mail = await services.letters.open(letterId);
    expect(mail).toMatchObject({
      to: 'canary.applicant@example.kz',
      subject: expect.stringContaining('INS-2026-000017'),
    });
  });

  test('names an addressee that has a name in each language', async () => {
    const subjectId = await services.vault.createSubject(null, 'organisation');
    const recipient = { subjectId, name: { kk: 'Министрлік', ru: 'Министерство' }, email: 'a@ministry.example' };
    const { letterId } = await services.compose({ recipient });
    const { pages } = pdfText(await services.letters.render(letterId));
    expect([pages[0], pages[1]]).toEqual([
      expect.stringContaining('Министрлік'),
      expect.stringContaining('Министерство'),
    ]);
  });

  test('uses the wording that the letter was composed with, not the one that is there now', async () => {
    const { letterId } = await services.compose({ languages: ['ru'] });
    const { wordings } = await find(letterId);
    expect(wordings).toEqual([loadTemplate('inspection/receipt', 'ru').sha256]);
    const old = loadTemplate('inspection/receipt', 'ru').source.replace('Ваше обращение принято', 'Прежняя редакция');
    await services.database.connection.collection<{ _id: string }>('letter-templates').insertOne({
      _id: 'f'.repeat(64),
      template: 'inspection/receipt',
      language: 'ru',
      source: old,
    } as {
      _id: string;
    });
    await services.database.connection
      .collection<{ _id: string }>('letters')
      .updateOne({ _id: letterId }, { $set: { wordings: ['f'.repeat(64)] } });
    expect(pdfText(await services.letters.render(letterId)).pages[0]).toContain('Прежняя редакция');
  });

  test('of a letter about somebody whose key was erased is refused; another letter is not touched', async () => {
    const dataSubjectId = await services.vault.createSubject(null, 'employee');
    const { letterId } = await services.compose({ dataSubjectId });
    const { letterId: other } = await services.compose();
    await services.database.connection
      .collection<{ _id: string }>('subject-keys')
      .updateOne({ _id: dataSubjectId }, { $set: { wrapped: null } });
    const { letters, database } = await services.reopen();
    await expect(letters.render(letterId)).rejects.toThrow(SubjectErasedError);
    await expect(letters.render(other)).resolves.toBeInstanceOf(Buffer);
    await database.close();
  });

  test('of a paper of the case stores nothing', async () => {
    const before = await raw('letters');
    const pdf = await services.letters.renderDocument({
      template: 'inspection/conclusion',
      languages: ['kk', 'ru'],
      number: 'CON-2026-000004',
      at: new Date('2026-06-12T06:00:00Z'),
      data: letterSamples['inspection/conclusion'] ?? {},
    });
    expect(pdfText(pdf).pages[0]).toContain('№ CON-2026-000004');
    expect(await raw('letters')).toBe(before);
  });
});

describe('the end of a letter', () => {
  const settled = async (end: 'markSent' | 'markFailed') => {
    const letter = await services.compose();
    const first = await inTransaction((tx) =>
      end === 'markSent'
        ? services.letters.markSent(tx, letter.letterId)
        : services.letters.markFailed(tx, letter.letterId, 'smtp-550'),
    );
    return { ...letter, first };
  };
  const messageOf = async (caseId: string) =>
    (await services.entries(caseId)).filter(({ kind }) => kind === 'message').map(({ message }) => message);

  test('sent: state, trail and the message that frees the waiting process are there together', async () => {
    const { letterId, caseId, first } = await settled('markSent');
    const { state, sentAt } = await find(letterId);
    expect({ first, state }).toEqual({ first: true, state: 'sent' });
    expect(await services.acts(caseId)).toEqual(['letter.composed', 'letter.sent']);
    expect(await messageOf(caseId)).toEqual([
      expect.objectContaining({
        name: 'letter.delivered',
        correlationKey: letterId,
        messageId: `${letterId}:1`,
        variables: { deliveryOutcome: 'sent', sentAt: sentAt?.toISOString() },
      }),
    ]);
  });

  test('counts once: a second one changes nothing and sends no message', async () => {
    const { letterId, caseId } = await settled('markSent');
    expect(await inTransaction((tx) => services.letters.markSent(tx, letterId))).toBe(false);
    expect(await inTransaction((tx) => services.letters.markFailed(tx, letterId, 'late'))).toBe(false);
    expect(await services.acts(caseId)).toEqual(['letter.composed', 'letter.sent']);
    expect(await messageOf(caseId)).toHaveLength(1);
  });

  test('failed: it may be sent again to another address, as a new dispatch with the same number and Message-ID', async () => {
    const { letterId, caseId, number } = await settled('markFailed');
    const before = await find(letterId);
    expect(before).toMatchObject({ state: 'failed', failure: { code: 'smtp-550' } });
    await inTransaction((tx) => services.letters.resend(tx, letterId, { email: 'corrected@example.kz' }));
    expect(await find(letterId)).toMatchObject({
      state: 'composed',
      dispatch: 2,
      number,
      messageId: before.messageId,
      failure: null,
    });
    expect((await services.letters.open(letterId)).to).toBe('corrected@example.kz');
    await inTransaction((tx) => services.letters.markSent(tx, letterId));
    expect(await services.acts(caseId)).toEqual(['letter.composed', 'letter.failed', 'letter.resent', 'letter.sent']);
    expect((await messageOf(caseId)).map((message) => message?.messageId)).toEqual([`${letterId}:1`, `${letterId}:2`]);
  });

  test('only a failed letter is sent again, and only to an address', async () => {
    const { letterId } = await settled('markSent');
    await expect(inTransaction((tx) => services.letters.resend(tx, letterId))).rejects.toThrow(
      'is sent: only a failed one',
    );
    const failed = await settled('markFailed');
    await expect(
      inTransaction((tx) => services.letters.resend(tx, failed.letterId, { email: 'a@b, c@d' })),
    ).rejects.toMatchObject({ field: 'recipient.email' });
    expect(await find(failed.letterId)).toMatchObject({ state: 'failed', dispatch: 1 });
  });
});

describe('handing over', () => {
  test('flags a possible double only when an earlier hand-over had no answer', async () => {
    const { letterId } = await services.compose();
    expect(await services.letters.beginHandover(letterId)).toBe(true);
    await services.letters.endHandover(letterId);
    expect(await services.letters.beginHandover(letterId)).toBe(true);
    expect((await find(letterId)).possibleDouble).toBe(false);
    expect(await services.letters.beginHandover(letterId)).toBe(true);
    expect((await find(letterId)).possibleDouble).toBe(true);
  });

  test('of a sent letter does not begin', async () => {
    const { letterId } = await services.compose();
    await inTransaction((tx) => services.letters.markSent(tx, letterId));
    expect(await services.letters.beginHandover(letterId)).toBe(false);
    expect((await find(letterId)).handoverAt).toBeNull();
  });
});

test('letters of a case are listed oldest first, and of that case only', async () => {
  const { caseId, letterId } = await services.compose();
  const { letterId: second } = await services.compose({ caseId });
  await services.compose();
  expect((await services.letters.ofCase(caseId)).map(({ _id }) => _id)).toEqual([letterId, second]);
});
