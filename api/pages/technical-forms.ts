import { instantOf, type Form } from '../cases/commands.js';
import type { FormFile } from '../cases/upload.js';
import { copyOf, filled, pick } from './forms.js';

/** Forms of technical requests, in the shape of the API. Their fields are called by their paths there. */

/** How an operator learnt of a request: one choice of the form for source and channel, with its key in the catalogue. */
export const origins = [
  { key: 'phone', word: 'technical.channel.phone', source: 'user', channel: 'phone' },
  { key: 'mail', word: 'technical.channel.mail', source: 'user', channel: 'mail' },
  { key: 'monitoring', word: 'technical.source.monitoring', source: 'monitoring', channel: 'page' },
  { key: 'tooling', word: 'technical.source.tooling', source: 'tooling', channel: 'page' },
  { key: 'journal', word: 'technical.source.journal', source: 'journal', channel: 'page' },
] as const;

const reporterFields = ['contactInfo', 'surname', 'name', 'middleName', 'position', 'login', 'phone', 'email'] as const;

/** The feedback page (R14). */
export function technicalRequestOf(form: Form, file: FormFile | null, language: string): unknown {
  const given = filled(form);
  return {
    ...commonOf(given, file),
    language: given['language'] ?? (language === 'kk' ? 'kk' : 'ru'),
    reporter: pick(given, 'reporter.', reporterFields),
    subject: given['subject'],
  };
}

/** The same of an operator, with its moment in the organisation's zone. Without a choice the source is no source. */
export function registeredRequestOf(form: Form, file: FormFile | null, { timeZone }: { timeZone: string }): unknown {
  const given = filled(form);
  const { receivedAt } = given;
  const origin = origins.find(({ key }) => key === given['origin']);
  const reporter = pick(given, 'reporter.', reporterFields);
  return {
    ...commonOf(given, file),
    source: origin?.source ?? '',
    channel: origin?.channel,
    language: given['language'],
    relatesTo: given['relatesTo'],
    ...(typeof receivedAt === 'string' ? { receivedAt: instantOf(receivedAt, timeZone) } : {}),
    ...(Object.keys(reporter).length > 0 ? { reporter } : {}),
  };
}

function commonOf(given: Form, file: FormFile | null): Record<string, unknown> {
  return { system: given['system'], concerns: given['concerns'], text: given['text'], attachment: copyOf(file) };
}
