import { createHash } from 'node:crypto';
import type { Clocks } from './clocks.js';
import type { Database, Tx } from './database.js';
import { createDocumentLetters, type Addressee, type DocumentKind } from './document-letters.js';
import {
  blankRequest,
  documentSchema,
  requestSchema,
  type CaseDocument,
  type DocumentRequest,
} from './document-store.js';
import { InputProblem, PermanentError } from './errors.js';
import type { Files, StoredFile } from './files.js';
import { newId, newSecret } from './ids.js';
import type { Letters } from './letters.js';
import { messages } from './messages.js';
import type { Outbox } from './outbox.js';
import type { Trail } from './trail.js';
import type { Vault } from './vault.js';

export type { Addressee, DocumentKind } from './document-letters.js';
export type { CaseDocument, DocumentRequest } from './document-store.js';

export interface Documents {
  /** Plans a request whose addressee and question a person chose on the case file page. */
  plan(
    tx: Tx,
    plan: { caseId: string; subjectId: string; kind: string; addresseeId: string; question: string },
  ): Promise<string>;
  /** Planned requests of a case that have not been sent yet, oldest first. */
  planned(caseId: string, tx?: Tx): Promise<DocumentRequest[]>;
  /** Creates (or finds, for a repeat) the request of a kind and line, sends its letter with a link to upload. */
  request(
    tx: Tx,
    ask: {
      caseId: string;
      caseNumber: string;
      kind: string;
      lineId: string;
      requestId?: string;
      publicUrl: string;
      languages: string[];
    },
  ): Promise<{ requestId: string; requestedAt: Date; letterId: string }>;
  /** Sends the reminder of a request that is still open; null when it is settled. */
  remind(tx: Tx, requestId: string, options: { publicUrl: string; languages: string[] }): Promise<string | null>;
  /**
   * Adds a stored file to a case; with a request, settles it, frees the waiting task and sends the receipt.
   * @throws InputProblem 422 when the request is settled already.
   */
  add(
    tx: Tx,
    document: {
      caseId: string;
      subjectId: string;
      kind: string;
      lineId: string;
      request: DocumentRequest | null;
      file: StoredFile;
      name: string;
      sanctionsPresent?: boolean | null;
      languages: string[];
    },
  ): Promise<string>;
  /** Notes on the case file page why a document has not come, for the decision in Tasklist. */
  noteNonReceipt(tx: Tx, note: { requestId: string; subjectId: string; reason: string }): Promise<void>;
  /**
   * Records that a document was not received (INS-17, AMB-INS-03), with the reason given or the one noted before, and frees the
   * waiting task. `at` is when a person decided so, now unless given. False when it is settled already.
   */
  recordNonReceipt(
    tx: Tx,
    record: { requestId: string; subjectId: string; reason?: string; at?: Date },
  ): Promise<boolean>;
  find(requestId: string, tx?: Tx): Promise<DocumentRequest | null>;
  byUploadToken(token: string): Promise<DocumentRequest | null>;
  /** Requests that an employee has not answered yet, oldest first. */
  openOfAddressee(employeeId: string): Promise<DocumentRequest[]>;
  requestsOfCase(caseId: string, tx?: Tx): Promise<DocumentRequest[]>;
  documentsOfCase(caseId: string, tx?: Tx): Promise<CaseDocument[]>;
  document(documentId: string): Promise<CaseDocument | null>;
  init(): Promise<void>;
}

export interface DocumentsDeps {
  database: Database;
  vault: Vault;
  trail: Trail;
  files: Files;
  letters: Letters;
  clocks: Pick<Clocks, 'momentsOf' | 'ofCase'>;
  outbox: Outbox;
  /** Resolves a person of the directory to an addressee. */
  addressee(employeeId: string): Promise<Addressee>;
  kinds: Record<string, DocumentKind>;
  /** IANA zone of legal days in letters. */
  timeZone: string;
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

export function createDocuments(deps: DocumentsDeps): Documents {
  const { database, vault, trail, files, outbox } = deps;
  const requests = database.connection.model<DocumentRequest>('DocumentRequest', requestSchema(), 'document-requests');
  const documents = database.connection.model<CaseDocument>('CaseDocument', documentSchema(), 'documents');

  const find = (requestId: string, tx?: Tx): Promise<DocumentRequest | null> =>
    requests
      .findById(requestId)
      .session(tx?.session ?? null)
      .lean<DocumentRequest>()
      .exec();
  const letters = createDocumentLetters(deps);
  const { kindOf } = letters;
  /** Moves an open request to its end; false when another settled it first. */
  const settle = async (tx: Tx, requestId: string, change: Partial<DocumentRequest>): Promise<boolean> => {
    const settled = await requests.updateOne(
      { _id: requestId, state: 'requested' },
      { $set: { settledAt: tx.at, ...change } },
      { session: tx.session },
    );
    return settled.matchedCount === 1;
  };

  return {
    plan: async (tx, { caseId, subjectId, kind, addresseeId, question }) => {
      kindOf(kind);
      const _id = newId();
      const sealed = await vault.seal(subjectId, question, tx);
      await requests.insertMany(
        [blankRequest({ _id, caseId, kind, addresseeId, question: sealed, plannedAt: tx.at })],
        { session: tx.session },
      );
      await trail.record(tx, {
        caseId,
        type: 'document-request.planned',
        subject: _id,
        data: { kind, addressee: addresseeId },
      });
      return _id;
    },

    planned: (caseId, tx) =>
      requests
        .find({ caseId, state: 'planned' })
        .sort({ _id: 1 })
        .session(tx?.session ?? null)
        .lean<DocumentRequest[]>()
        .exec(),

    request: async (tx, { caseId, caseNumber, kind, lineId, requestId, publicUrl, languages }) => {
      const declared = kindOf(kind);
      const existing = requestId
        ? await find(requestId, tx)
        : await requests.findOne({ caseId, kind, lineId }).session(tx.session).lean<DocumentRequest>().exec();
      if (requestId && !existing)
        throw new PermanentError(`requestId ${requestId} names no request of this case`, { field: 'requestId' });
      if (existing?.requestedAt && existing.letterId)
        return { requestId: existing._id, requestedAt: existing.requestedAt, letterId: existing.letterId };

      const addressee = existing
        ? await deps.addressee(existing.addresseeId)
        : await declared.addressee(caseId, lineId);
      const token = newSecret(32);
      const letter = await letters.request(tx, {
        ...{ caseId, caseNumber, kind, lineId, addressee, languages },
        question: existing?.question ? await vault.open(existing.question) : null,
        uploadLink: `${publicUrl}/upload/${token}`,
      });
      const _id = existing?._id ?? newId();
      const sent = {
        state: 'requested' as const,
        requestedAt: tx.at,
        letterId: letter.letterId,
        letterNumber: letter.number,
        uploadTokenHash: hashOf(token),
      };
      if (existing) await requests.updateOne({ _id }, { $set: sent }, { session: tx.session });
      else
        await requests.insertMany(
          [
            {
              ...blankRequest({ _id, caseId, kind, lineId, addresseeId: addressee.employeeId, plannedAt: tx.at }),
              ...sent,
            },
          ],
          { session: tx.session },
        );
      await trail.record(tx, {
        caseId,
        type: 'document.requested',
        subject: _id,
        data: { kind, line: lineId, addressee: addressee.employeeId, letter: letter.number },
      });
      return { requestId: _id, requestedAt: tx.at, letterId: letter.letterId };
    },

    remind: async (tx, requestId, { publicUrl, languages }) => {
      const request = await find(requestId, tx);
      if (request?.state !== 'requested') return null;
      const token = newSecret(32);
      const uploadLink = `${publicUrl}/upload/${token}`;
      const letter = await letters.reminder(tx, request, { uploadLink, languages });
      await requests.updateOne(
        { _id: requestId },
        { $set: { uploadTokenHash: hashOf(token) }, $push: { reminders: { at: tx.at, letterId: letter.letterId } } },
        { session: tx.session },
      );
      await trail.record(tx, {
        caseId: request.caseId,
        type: 'document.reminded',
        subject: requestId,
        data: { kind: request.kind, letter: letter.number },
      });
      return letter.letterId;
    },

    add: async (tx, { caseId, subjectId, kind, lineId, request, file, name, sanctionsPresent = null, languages }) => {
      const _id = newId();
      await files.adopt(tx, file.fileId, { usedBy: `document:${_id}` });
      await documents.insertMany(
        [
          {
            _id,
            caseId,
            kind,
            lineId,
            requestId: request?._id ?? null,
            fileId: file.fileId,
            name: await vault.seal(subjectId, name, tx),
            contentType: file.contentType,
            bytes: file.bytes,
            sha256: file.sha256,
            addedBy: tx.by.id,
            addedAt: tx.at,
            sanctionsPresent,
          },
        ],
        { session: tx.session },
      );
      await trail.record(tx, {
        caseId,
        type: 'document.added',
        subject: _id,
        data: { kind, line: lineId, sha256: file.sha256, bytes: file.bytes, request: request?._id ?? '' },
      });
      if (!request) return _id;

      // Two answers at the same time: the first one counts, and nothing of the second remains.
      if (!(await settle(tx, request._id, { state: 'received', documentId: _id })))
        throw new InputProblem(422, 'validation', [{ field: 'requestId', code: 'no-open-request' }]);
      await outbox.message(tx, {
        caseId,
        name: messages.documentReceived.name,
        correlationKey: request._id,
        messageId: _id,
        variables: { documentId: _id },
      });
      await letters.receipt(tx, request, { receivedAt: tx.at, sha256: file.sha256, languages });
      return _id;
    },

    noteNonReceipt: async (tx, { requestId, subjectId, reason }) => {
      const nonReceiptNote = await vault.seal(subjectId, reason, tx);
      const request = await requests
        .findOneAndUpdate({ _id: requestId }, { $set: { nonReceiptNote } }, { session: tx.session })
        .lean<DocumentRequest>();
      if (!request) throw new PermanentError(`requestId ${requestId} names no request`, { field: 'requestId' });
      const data = { kind: request.kind, line: request.lineId };
      await trail.record(tx, { caseId: request.caseId, type: 'non-receipt-reason.noted', subject: requestId, data });
    },

    recordNonReceipt: async (tx, { requestId, subjectId, reason, at = tx.at }) => {
      const request = await find(requestId, tx);
      if (!request) throw new PermanentError(`requestId ${requestId} names no request`, { field: 'requestId' });
      const sealed = reason === undefined ? request.nonReceiptNote : await vault.seal(subjectId, reason, tx);
      if (!sealed)
        throw new PermanentError('nonReceiptNote: the reason of the non-receipt is missing on the case file page', {
          field: 'nonReceiptNote',
        });
      const nonReceipt = { reason: sealed, by: tx.by.id, at };
      if (!(await settle(tx, requestId, { state: 'not-received', nonReceipt, settledAt: at }))) return false;
      await outbox.message(tx, {
        caseId: request.caseId,
        name: messages.documentReceived.name,
        correlationKey: requestId,
        messageId: `${requestId}:non-receipt`,
        variables: { documentId: '' },
      });
      await trail.record(tx, {
        caseId: request.caseId,
        type: 'document.non-receipt-recorded',
        subject: requestId,
        data: { kind: request.kind, line: request.lineId },
      });
      return true;
    },

    find,
    byUploadToken: (token) =>
      requests
        .findOne({ uploadTokenHash: hashOf(token) })
        .lean<DocumentRequest>()
        .exec(),
    openOfAddressee: (employeeId) =>
      requests
        .find({ addresseeId: employeeId, state: 'requested' })
        .sort({ _id: 1 })
        .limit(200)
        .lean<DocumentRequest[]>()
        .exec(),
    requestsOfCase: (caseId, tx) =>
      requests
        .find({ caseId })
        .sort({ _id: 1 })
        .session(tx?.session ?? null)
        .lean<DocumentRequest[]>()
        .exec(),
    documentsOfCase: (caseId, tx) =>
      documents
        .find({ caseId })
        .sort({ _id: 1 })
        .session(tx?.session ?? null)
        .lean<CaseDocument[]>()
        .exec(),
    document: (documentId) => documents.findById(documentId).lean<CaseDocument>().exec(),
    init: async () => {
      for (const model of [requests, documents]) {
        await model.createCollection();
        await model.createIndexes();
      }
    },
  };
}
