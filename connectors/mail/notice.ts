import type { Organisation } from '../../config/index.js';
import type { Clock } from '../../core/clock.js';
import type { Directory } from '../../core/directory.js';
import { PermanentError, RetryableError } from '../../core/errors.js';
import { renderMail } from '../../core/letter-render.js';
import { loadTemplate, type LetterData } from '../../core/letter-template.js';
import type { OutboxEntry } from '../../core/outbox.js';
import type { UserTasks } from '../../core/user-tasks.js';
import { MailFault, type Mailer } from './contract.js';

/**
 * Sends the notice of a claimed outbox entry in its addressee's language. Who has left the directory, a task that is over and a notice that
 * tells nothing new any more get no mail. As with letters SMTP can't do exactly once: a repeat has the same Message-ID.
 * @throws RetryableError when the mail server may take it later, PermanentError when it refused it for good.
 */
export async function deliverNotice(
  deps: {
    directory: Pick<Directory, 'employee'>;
    userTasks: Pick<UserTasks, 'find'>;
    mailer: Mailer;
    organisation: Organisation;
    clock: Clock;
  },
  { _id, notice }: OutboxEntry,
): Promise<'sent' | 'repeated'> {
  const { directory, userTasks, mailer, organisation, clock } = deps;
  if (!notice) throw new PermanentError('outbox entry of kind notice holds no notice', { field: 'notice' });
  await clock.refresh();
  const now = clock.legalNow();
  const employee = await directory.employee(notice.employeeId);
  const task = notice.taskId === null ? null : await userTasks.find(notice.taskId);
  if (!employee?.active || task?.closedAt || now > notice.staleAt) return 'repeated';
  const language = languageOf(organisation, employee.language);
  const mail = renderMail({
    templates: [loadTemplate(notice.template, language)],
    number: '',
    at: now,
    addressee: null,
    replyNumber: null,
    data: notice.data as LetterData,
    organisation,
  });
  try {
    await mailer.send({
      ...mail,
      to: employee.email,
      messageId: `<${_id}@merzim.invalid>`,
      languages: [language],
      date: clock.wallNow(),
      attachments: [],
    });
  } catch (error) {
    if (!(error instanceof MailFault)) throw error;
    if (error.kind === 'refused') throw new PermanentError(error.message, { cause: error });
    throw new RetryableError(error.message, { cause: error });
  }
  return 'sent';
}

/** The directory knows Kazakh and Russian; where the organisation doesn't write in it, the language of its state stands for it. */
function languageOf({ languages }: Pick<Organisation, 'languages'>, asked: string): string {
  return languages.find((language) => language === asked) ?? languages[0] ?? asked;
}
