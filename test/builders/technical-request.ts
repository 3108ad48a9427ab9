import type { z } from 'zod';
import type { newTechnicalRequest } from '../../api/technical-request/schemas.js';
import type { Part } from '../helpers/api-site.js';

export type TechnicalRequestBody = z.input<typeof newTechnicalRequest>;

/** What somebody wrote on the feedback page (R14). */
export function technicalRequest(changes: Partial<TechnicalRequestBody> = {}): TechnicalRequestBody {
  return {
    language: 'ru',
    reporter: { contactInfo: 'Серікбаева Гүлнар Ерланқызы, Алматы', email: 'gulnar@applicant.example' },
    system: 'sir',
    subject: 'Анықтама ашылмайды',
    text: 'Вместо справки портал показывает пустую страницу.',
    ...changes,
  };
}

/** What a user told by phone (R13), as an operator enters it. */
export function phoneCall(changes: Partial<TechnicalRequestBody> = {}): TechnicalRequestBody {
  return {
    channel: 'phone',
    language: 'kk',
    reporter: {
      surname: 'Нұрғалиева',
      name: 'Әсем',
      position: 'Бас маман',
      login: 'a.nurgalieva',
      phone: '+7 701 234 56 78',
      email: 'nurgalieva@employment.example',
    },
    system: 'sir',
    text: 'Жүйе кіргізбейді: «қызмет қолжетімсіз» деп жазады.',
    ...changes,
  };
}

/** The feedback page's form as it sends it: each field by its path. */
export function technicalForm({ reporter = {}, ...body }: TechnicalRequestBody): Part[] {
  const fields = (at: string, values: object): Part[] =>
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === 'string' ? [[`${at}${name}`, value] as const] : [],
    );
  return [...fields('reporter.', reporter), ...fields('', body)];
}
