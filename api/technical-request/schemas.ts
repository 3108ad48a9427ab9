import { z } from 'zod';
import { concerns, sources, technicalChannels } from '../../core/technical-request/model.js';
import { attachedFile } from '../cases/attached.js';
import { caseNumber, line, longText, phone, shortText } from '../cases/shapes.js';

/** Shapes of what callers send about failures and questions (F-TECH-1, F-TECH-2). */

/** What each form asks of who writes: the page's (R14), and that of a call or a mail (R13). */
const needed = {
  page: ['contactInfo', 'email'],
  call: ['surname', 'name', 'position', 'login', 'phone', 'email'],
} as const;

export const systemCode = z
  .string()
  .regex(/^[a-z][a-z0-9.-]{0,40}$/, { error: 'id' })
  .describe('code of the system in the registry');

const reporter = z.strictObject({
  contactInfo: line(2, 300).optional().describe('R14(1); by the feedback form'),
  surname: shortText.optional().describe('R13(1); by phone or mail, like the following'),
  name: shortText.optional(),
  middleName: shortText.optional(),
  position: shortText.optional(),
  login: line(2, 64).optional().describe('personal unique identifier'),
  phone: phone.optional(),
  email: z.email().max(254).optional().describe('where the answer goes'),
});

/** A message of a failure, or a question about a service. */
export const newTechnicalRequest = z
  .strictObject({
    source: z
      .enum(sources)
      .default('user')
      .describe('R12: who or what told first; other than user for staff and machine clients'),
    channel: z.enum(technicalChannels).default('page').describe('other than page for staff and machine clients'),
    receivedAt: z.iso
      .datetime({ offset: true })
      .optional()
      .describe(
        'when the user called or wrote, or the failure was found; now when absent; for staff and machine clients',
      ),
    sourceRefNo: shortText
      .optional()
      .describe(
        "the sender's number, one within channel and source, of a machine within its client: the same number is the same request, with other content 409; for staff and machine clients",
      ),
    language: z.enum(['kk', 'ru']).default('ru').describe('R11: language of receipt and answer'),
    system: systemCode.optional(),
    concerns: z
      .enum(concerns)
      .optional()
      .describe(
        'R5(5): what it is about, as the user says; of damage to data (dataIntegrity) and incidents of security (securityIncident) the administrators of information security are told, and read it',
      ),
    relatesTo: caseNumber
      .optional()
      .describe('number of the request that told of the same failure first; for staff and machine clients'),
    reporter: reporter.optional().describe('who asks; for the source user'),
    subject: line(2, 300).optional().describe('R14(3); by the feedback form'),
    text: longText.describe('R13(2), R14(4): the reason for contacting, or the text'),
    attachment: attachedFile.optional().describe('R14(2)'),
  })
  .superRefine(({ source, channel, reporter: who, subject }, context) => {
    const fault = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', path, message });
    const byCall = channel === 'mail' || channel === 'phone';
    if (source !== 'user') {
      // Each by its own name: a form has a control for what was given, and none for all of it.
      const given = Object.keys(who ?? {});
      for (const name of given) fault('only-for-user', 'reporter', name);
      if (who && given.length === 0) fault('only-for-user', 'reporter');
      if (byCall) fault('only-for-user', 'channel');
      return;
    }
    for (const name of needed[byCall ? 'call' : 'page']) if (!who?.[name]) fault('missing', 'reporter', name);
    if (!byCall && !subject) fault('missing', 'subject');
  })
  .meta({
    examples: [
      {
        language: 'kk',
        reporter: { contactInfo: 'Серікбаева Гүлнар, Алматы', email: 'gulnar@applicant.example' },
        system: 'sir',
        subject: 'Анықтама ашылмайды',
        text: 'Портал анықтаманың орнына бос бет көрсетеді.',
      },
    ],
  });

export type NewTechnicalRequest = z.infer<typeof newTechnicalRequest>;
