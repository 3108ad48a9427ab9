import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ParsedMail } from 'mailparser';
import { named, staff } from '../builders/inspection.js';
import { startMailServer, type MailServer } from '../helpers/mail-server.js';
import type { InspectionCase } from './inspection-case.js';
import { minuteMs, openStage, testMs, type Stage } from './stage.js';

/** What leaves by mail, against a server that refuses some addresses. */
let stage: Stage;
let mail: MailServer;
const refused = new Set<string>();
const authorisedBody = 'authorised-body@ministry.example';

beforeAll(async () => {
  mail = await startMailServer({
    onRcptTo: ({ address }, _session, done) =>
      done(refused.has(address) ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : null),
  });
  stage = await openStage({ env: { SMTP_URL: mail.url } });
  await stage.toWorkingMorning();
}, testMs);
afterAll(async () => {
  await stage?.close();
  await mail?.stop();
}, testMs);

/** All that can be read of a mail without opening its attachments. */
const wordsOf = ({ subject, text, html, attachments, headerLines }: ParsedMail): string =>
  [subject, text, html, ...attachments.map(({ filename }) => filename), ...headerLines.map(({ line }) => line)].join(
    '\n',
  );

async function mailOf(it: InspectionCase, messageId: string): Promise<ParsedMail> {
  return it.waitFor(async () => mail.mails.find((received) => received.messageId === messageId), `mail ${messageId}`);
}

describe('mail about a new task', () => {
  test(
    'reaches each who may complete it, once, with the number of the case and nothing of a person',
    async () => {
      const it = await stage.file();
      const told = (): ParsedMail[] =>
        mail.mails.filter(({ subject = '' }) =>
          [`Жаңа тапсырма: ${it.number}`, `Новая задача: ${it.number}`].includes(subject),
        );
      await it.waitFor(() => Promise.resolve(told().length >= 2), 'mail about the screening');
      await stage.allHadTheirTurn();
      const to = told().map(({ to: given }) => (given && 'text' in given ? given.text : ''));
      expect(to.sort()).toEqual(['iss.ala2@sc.example', 'iss.ala@sc.example']);
      for (const received of told()) {
        expect(received.attachments).toEqual([]);
        expect(wordsOf(received)).toContain(`/cases/${it.number}`);
        expect(wordsOf(received)).not.toContain(it.caseId);
      }
    },
    testMs,
  );
});

describe('letters', () => {
  test(
    'that ask for documents carry their own number and nothing of the inspection',
    async () => {
      const it = await stage.file();
      await it.screened();
      const requests = await it.asked({}, 4);

      const letters = (await it.letters()).filter(({ purpose }) => purpose === 'document-request');
      expect(letters).toHaveLength(4);
      expect(new Set(letters.map(({ number }) => number)).size).toBe(4);
      for (const letter of letters) {
        const received = await mailOf(it, letter.messageId);
        expect(received.subject).toContain(letter.number);
        expect(wordsOf(received)).not.toContain(it.number);
        expect(wordsOf(received)).not.toContain(it.caseId);
        expect(requests.map(({ letterNumber }) => letterNumber)).toContain(letter.number);
      }
    },
    testMs,
  );

  test(
    'that the mail server refuses are sent again once the address is right; the clock stops with the delivery',
    async () => {
      refused.add(authorisedBody);
      const it = await stage.file({ employees: named(staff.ofCentralOffice) });
      await it.signs(['criminal']);
      const clock = await it.started('DL-INS-1');
      await it.materialsApproved();
      const [letter] = await it.waitFor(async () => {
        const letters = await it.letters('inspection/materials-to-authorised-body');
        return letters[0]?.state === 'failed' ? letters : null;
      }, 'the failure of the letter');
      await it.task('UserTask_CorrectAddress');
      expect(await it.decides('UserTask_CorrectAddress', { resend: false })).toBe('resend-not-confirmed');

      // The clock runs on while nobody corrects: the approval alone keeps no term.
      await stage.travel({ to: new Date(clock.dueAt!.getTime() + 1000) });
      await it.reported(clock, 'broken');
      expect(await it.clock('DL-INS-1')).toMatchObject({ state: 'running', stoppedAt: null });

      await it.writes('letter-addresses', { letterId: letter!._id, email: 'office@ministry.example' });
      expect(await it.decides('UserTask_CorrectAddress', { resend: true })).toBeNull();

      const stopped = await it.stopped('DL-INS-1');
      const [sent] = await it.letters('inspection/materials-to-authorised-body');
      expect(sent).toMatchObject({ _id: letter!._id, state: 'sent', dispatch: 2, possibleDouble: false });
      expect(stopped).toMatchObject({ kept: false, stoppedAt: sent!.sentAt });
      expect((await mailOf(it, sent!.messageId)).to).toMatchObject({ text: 'office@ministry.example' });
      expect(mail.mails.filter(({ messageId }) => messageId === sent!.messageId)).toHaveLength(1);
      refused.delete(authorisedBody);
    },
    testMs,
  );

  test(
    'that ask for a document and could not be delivered need no correction once the document is here',
    async () => {
      refused.add('employee.ala1@sc.example');
      const it = await stage.file();
      await it.screened();
      await it.asked({}, 4);
      const task = await it.task('UserTask_CorrectAddress');
      const [request] = await it.requests({ kind: 'employeeExplanatoryNote' });
      expect(request!.state).toBe('requested');

      await it.handsIn(request);

      await it.stopped('DL-INS-3', request!._id);
      await it.waitFor(
        async () =>
          (
            await stage.engine.userTasks({
              elementId: 'UserTask_CorrectAddress',
              processInstanceKey: task.processInstanceKey,
              state: 'CANCELED',
            })
          ).length === 1,
        'the end of the correction',
      );
      refused.delete('employee.ala1@sc.example');
    },
    testMs,
  );

  test(
    'about a clock go out once each to those on duty and to the unit',
    async () => {
      const it = await stage.file();
      await it.screened();
      const [request] = await it.asked({}, 4);
      const clock = await it.started('DL-INS-3', request!._id);
      const others = (await it.requests({ state: 'requested' })).filter(({ _id }) => _id !== request!._id);
      for (const other of others) await it.handsIn(other);
      for (const { _id } of others) await it.stopped('DL-INS-3', _id);

      await stage.travel({ to: new Date(clock.dueAt!.getTime() + minuteMs) });
      await it.reported(clock, 'broken');
      const letters = await it.waitFor(async () => {
        const broken = await it.letters('shared/clock-broken');
        return broken.length === 2 && broken.every(({ state }) => state === 'sent') ? broken : null;
      }, 'two letters about the clock');
      const to = await Promise.all(letters.map(async ({ messageId }) => (await mailOf(it, messageId)).to));
      expect(to.map((address) => (Array.isArray(address) ? '' : address!.text)).sort()).toEqual([
        'branch-ala@sc.example',
        'duty@sc.example',
      ]);
    },
    testMs,
  );
});
