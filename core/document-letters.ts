import type { Clocks } from './clocks.js';
import type { Tx } from './database.js';
import type { DocumentRequest } from './document-store.js';
import { PermanentError } from './errors.js';
import { localDay } from './legal-day.js';
import type { LetterData, Localised } from './letter-template.js';
import type { Letters } from './letters.js';

/** Whom a document is asked from. */
export interface Addressee {
  employeeId: string;
  /** Subject in the vault whose key protects name and address. */
  subjectId: string;
  name: Localised;
  email: string;
}

/** What a kind of document needs to be asked for: its letter and who gives it. Declared by the process that asks. */
export interface DocumentKind {
  template: string;
  /** Rule of the clock that runs for the request, e.g. DL-INS-3. */
  deadlineRule: string;
  /** The person to ask, by the line of the case. Not called for planned requests, which name theirs. */
  addressee(caseId: string, lineId: string): Promise<Addressee>;
  /**
   * Values of the letter's placeholders beside those that every request has, and whom they tell about: that subject's key seals them. Without
   * one it is the addressee.
   */
  letter(caseId: string, lineId: string): Promise<{ data: LetterData; dataSubjectId?: string }>;
  /** The unit that asks, in words for each language. */
  unit(caseId: string): Promise<Localised>;
}

interface Composed {
  letterId: string;
  number: string;
}

/** The letters of document requests: what each tells its addressee, and nothing more. */
export interface DocumentLetters {
  /** @throws PermanentError when the kind is not declared. */
  kindOf(kind: string): DocumentKind;
  /** Asks for a document, by the strict reading of the term where the organisation has set one. */
  request(
    tx: Tx,
    ask: {
      caseId: string;
      caseNumber: string;
      kind: string;
      lineId: string;
      addressee: Addressee;
      question: string | null;
      uploadLink: string;
      languages: string[];
    },
  ): Promise<Composed>;
  /** Reminds of a document, with the last day by the ordinary reading while that is to come. */
  reminder(tx: Tx, request: DocumentRequest, link: { uploadLink: string; languages: string[] }): Promise<Composed>;
  /** Confirms what was received. */
  receipt(
    tx: Tx,
    request: DocumentRequest,
    file: { receivedAt: Date; sha256: string; languages: string[] },
  ): Promise<Composed>;
}

export function createDocumentLetters(deps: {
  letters: Letters;
  clocks: Pick<Clocks, 'momentsOf' | 'ofCase'>;
  /** Resolves a person of the directory to an addressee. */
  addressee(employeeId: string): Promise<Addressee>;
  kinds: Record<string, DocumentKind>;
  /** IANA zone of legal days in letters. */
  timeZone: string;
}): DocumentLetters {
  const { letters, clocks } = deps;
  const dayOf = (at: Date | null): string | null => at && localDay(at, deps.timeZone);
  const kindOf = (kind: string): DocumentKind => {
    const known = deps.kinds[kind];
    if (!known)
      throw new PermanentError(`documentKind '${kind}' is not declared; known: ${Object.keys(deps.kinds).join(', ')}`, {
        field: 'documentKind',
      });
    return known;
  };
  /** What a letter about a request that is out already has in common with the others. */
  const about = async ({ caseId, kind, addresseeId, letterNumber }: DocumentRequest, languages: string[]) => ({
    caseId,
    languages,
    recipient: await deps.addressee(addresseeId),
    data: { requestNumber: letterNumber ?? '', documentKind: kind, unit: await kindOf(kind).unit(caseId) },
  });

  return {
    kindOf,
    request: async (tx, { caseId, caseNumber, kind, lineId, addressee, question, uploadLink, languages }) => {
      const declared = kindOf(kind);
      const { data, dataSubjectId } = await declared.letter(caseId, lineId);
      const { targetAt } = clocks.momentsOf(declared.deadlineRule, tx.at);
      return letters.compose(tx, {
        ...{ caseId, caseNumber, languages, template: declared.template, recipient: addressee },
        ...(dataSubjectId === undefined ? {} : { dataSubjectId }),
        data: {
          ...data,
          ...(question === null ? {} : { question }),
          uploadLink,
          replyBy: dayOf(targetAt),
          unit: await declared.unit(caseId),
        },
        purpose: 'document-request',
      });
    },
    reminder: async (tx, request, { uploadLink, languages }) => {
      const letter = await about(request, languages);
      const rule = kindOf(request.kind).deadlineRule;
      const running = await clocks.ofCase(request.caseId, tx);
      const dueAt = running.find((clock) => clock.rule === rule && clock.subject === request._id)?.dueAt ?? null;
      return letters.compose(tx, {
        ...letter,
        template: 'inspection/document-reminder',
        data: {
          ...letter.data,
          requestedOn: dayOf(request.requestedAt),
          uploadLink,
          replyBy: dueAt && dueAt >= tx.at ? dayOf(dueAt) : null,
        },
        purpose: 'document-reminder',
      });
    },
    receipt: async (tx, request, { receivedAt, sha256, languages }) => {
      const letter = await about(request, languages);
      return letters.compose(tx, {
        ...letter,
        template: 'inspection/document-receipt',
        data: { ...letter.data, receivedAt, sha256 },
        purpose: 'document-receipt',
      });
    },
  };
}
