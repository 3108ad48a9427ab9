import type { Tx } from '../database.js';
import { accessCodeFor } from '../intake.js';
import type { LetterData, Localised } from '../letter-template.js';
import type { Services } from '../services.js';
import { userOf } from './accounts.js';
import { grantedRights, type AccessRequest, type RequestedUser } from './model.js';
import type { AccountRight } from './skud-account.js';

/** AMB-ACC-13: the letter that sends a request back, with what it lacks. Returns its id. */
export async function composeReturn(services: Services, tx: Tx, caseId: string): Promise<string> {
  const request = await services.vault.reveal(await services.accessRequests.get(caseId, tx), tx);
  const { letterId } = await services.letters.compose(tx, {
    caseId,
    caseNumber: request.number,
    template: 'access-request/ask-for-completion',
    languages: [request.language],
    recipient: applicantOf(request),
    data: {
      caseNumber: request.number,
      missing: missingNames(request.missing ?? []),
      completionLink: `${services.settings.web.publicUrl}/access-requests/completion`,
      accessCode: accessCodeFor(services, caseId),
    },
    purpose: 'completion',
  });
  return letterId;
}

/** Names of fields in the letter's word list, each once: which row lacks it is said on the page. */
function missingNames(missing: readonly string[]): string[] {
  return [...new Set(missing.map((path) => path.split('.').at(-1) ?? path))];
}

/**
 * R22: the answer to one user of a request, positive, refused, or both by system; to the user's own corporate address, else to the one of the request.
 * A password goes by a one-time link (AMB-ACC-08), or by the mail itself where the organisation set so: then the link is for the rules (R31). A repeat withdraws the former link.
 */
export async function composeAnswer(
  services: Services,
  tx: Tx,
  {
    caseId,
    userId,
    password,
    outcome,
  }: { caseId: string; userId: string; password: string | null; outcome?: 'not-provided' | 'reopened' },
): Promise<string> {
  const { accessRequests, letters, organisation, passwordLinks, settings, vault } = services;
  const request = await vault.reveal(await accessRequests.get(caseId, tx), tx);
  const user = userOf(request, userId);
  const granted = outcome === 'not-provided' ? [] : grantedRights(request, user);
  const byLink = settings.accounts.passwordBy === 'link';
  const link =
    password === null
      ? null
      : await passwordLinks.make(tx, {
          ...{ caseId, accountId: userId, password: byLink ? password : null },
          publicUrl: settings.web.publicUrl,
          hours: settings.accounts.passwordLinkHours,
        });
  const { letterId } = await letters.compose(tx, {
    caseId,
    caseNumber: request.number,
    template: granted.length > 0 ? 'access-request/answer-granted' : 'access-request/answer-refused',
    languages: [request.language],
    recipient: user.email ? { subjectId: user.subjectId, name: nameOf(user), email: user.email } : applicantOf(request),
    dataSubjectId: user.subjectId,
    data: {
      caseNumber: request.number,
      userName: nameOf(user),
      ...(granted.length > 0
        ? {
            action: outcome === 'reopened' ? 'changeReopened' : request.kind,
            granted: granted.map((right) => ({ right: labelOf(organisation, right) })),
            ...(user.login ? { login: user.login } : {}),
            ...(link && byLink ? { passwordLink: link.link, passwordUntil: link.endsAt } : {}),
            ...(link && !byLink ? { password, rulesLink: link.link, rulesUntil: link.endsAt } : {}),
          }
        : {}),
      ...refusalsOf(request, user, organisation, outcome === 'not-provided'),
    },
    purpose: 'answer',
  });
  await accessRequests.setAnswerLetter(tx, caseId, userId, letterId);
  return letterId;
}

const nameOf = ({ surname, name, middleName }: RequestedUser): string =>
  [surname, name, middleName].filter(Boolean).join(' ');

const applicantOf = ({ applicant }: AccessRequest) => ({
  subjectId: applicant.subjectId,
  name: applicant.name,
  email: applicant.replyEmail,
});

type Registry = Pick<Services['organisation'], 'access'>;

function labelOf({ access }: Registry, right: AccountRight): Localised {
  const system = access.systems.find(({ code }) => code === right.system);
  const own = system?.functions.find(({ code }) => code === right.function);
  const inWords = (language: 'kk' | 'ky' | 'ru' | 'en'): string =>
    `${system?.name[language] ?? right.system}: ${own?.name[language] ?? right.function}`;
  return { kk: inWords('kk'), ky: inWords('ky'), ru: inWords('ru'), en: inWords('en') };
}

/** Refused systems of a user, each with the basis that is missing (ACC-14) and the reason in words. */
function refusalsOf(
  request: AccessRequest,
  user: RequestedUser,
  { access }: Registry,
  notProvided: boolean,
): LetterData {
  const own = new Set(user.rights.map(({ system }) => system));
  const refused = request.decisions.filter(({ system, outcome }) => outcome === 'refused' && own.has(system));
  return {
    refused: refused.map(({ system, ground }) => ({
      system: access.systems.find(({ code }) => code === system)?.name ?? system,
      ground: ground ?? 'noBasisOrder',
      reason: request.refusalReasons.find((reason) => reason.system === system)?.text ?? '—',
    })),
    ...(notProvided ? { notProvided: request.reviewNote ?? '—' } : {}),
  };
}
