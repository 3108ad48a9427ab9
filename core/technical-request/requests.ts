import type { UpdateQuery } from 'mongoose';
import type { Database, Tx } from '../database.js';
import { PermanentError } from '../errors.js';
import type { Trail, TrailData } from '../trail.js';
import type { Vault } from '../vault.js';
import {
  technicalRequestSchema,
  type Classification,
  type DefectOutcome,
  type DefectScope,
  type Fulfilment,
  type TechnicalRequest,
} from './model.js';

/** What the case file of a technical request can be told. Every change is one trail entry, in the caller's transaction. */
export interface TechnicalRequests {
  create(tx: Tx, request: TechnicalRequest): Promise<void>;
  /** Sealed as stored; `vault.reveal` opens it. Throws where the case is none of ours. */
  get(caseId: string, tx?: Tx): Promise<TechnicalRequest>;
  find(caseId: string, tx?: Tx): Promise<TechnicalRequest | null>;
  byNumber(number: string): Promise<TechnicalRequest | null>;
  /** Numbers of the requests that other processes handed over, by the numbers of what they came from. */
  numbersReferredFrom(sources: readonly string[]): Promise<Map<string, string>>;
  /** R15: when it was decided, of what it releases and of what it leaves to run. */
  classify(tx: Tx, caseId: string, as: Classification, at: Date): Promise<void>;
  /** Corrects the class, with the reason. */
  reclassify(tx: Tx, request: TechnicalRequest, correction: { as: Classification; reason: string }): Promise<void>;
  /** Keeps the text of the next answer. */
  noteResolution(tx: Tx, caseId: string, text: string): Promise<void>;
  /** An answer is composed with the newest text: the next one needs another. */
  noteTold(tx: Tx, request: TechnicalRequest): Promise<void>;
  linkDefect(tx: Tx, caseId: string, defect: { reference: string; scope: DefectScope }): Promise<void>;
  /** R15: the moment, that of the decision, stops the clock. */
  fulfil(tx: Tx, caseId: string, as: Fulfilment, at: Date): Promise<void>;
  /** It is said that the answer to something else is ready to go out, and when that was said. */
  readyAnswer(tx: Tx, caseId: string, at: Date): Promise<void>;
  settleDefect(tx: Tx, caseId: string, as: DefectOutcome, at: Date): Promise<void>;
  /** Keeps that an answer went out at a moment; without a letter where there is nobody to answer. */
  noteAnswer(tx: Tx, caseId: string, answer: { letterId: string | null; at: Date }): Promise<void>;
  init(): Promise<void>;
}

export function createTechnicalRequests(deps: { database: Database; vault: Vault; trail: Trail }): TechnicalRequests {
  const { database, vault, trail } = deps;
  const model = database.connection.model<TechnicalRequest>(
    'TechnicalRequest',
    technicalRequestSchema(),
    'technical-requests',
  );
  const find: TechnicalRequests['find'] = (caseId, tx) =>
    model
      .findById(caseId)
      .session(tx?.session ?? null)
      .lean<TechnicalRequest>()
      .exec();
  const get: TechnicalRequests['get'] = async (caseId, tx) => {
    const found = await find(caseId, tx);
    if (!found) throw new PermanentError(`caseId ${caseId} is no technical request`, { field: 'caseId' });
    return found;
  };
  const change = async (
    tx: Tx,
    caseId: string,
    update: UpdateQuery<TechnicalRequest>,
    act: { type: string; data: TrailData },
  ): Promise<void> => {
    await model.updateOne({ _id: caseId }, update, { session: tx.session });
    await trail.record(tx, { caseId, ...act });
  };
  const sealed = async (tx: Tx, caseId: string, text: string): Promise<string> =>
    vault.seal((await get(caseId, tx)).subjectId, text, tx);

  return {
    create: async (tx, request) => {
      await model.insertMany([request], { session: tx.session });
    },
    get,
    find,
    byNumber: (number) => model.findOne({ number }).lean<TechnicalRequest>().exec(),
    numbersReferredFrom: async (sources) => {
      const found = await model
        .find({ referredFrom: { $in: [...sources] } }, { number: 1, referredFrom: 1 })
        .lean<Pick<TechnicalRequest, 'number' | 'referredFrom'>[]>()
        .exec();
      return new Map(found.map(({ number, referredFrom }) => [referredFrom!, number]));
    },
    classify: (tx, caseId, as, at) =>
      change(
        tx,
        caseId,
        { $set: { classified: { as, by: tx.by.id, at } } },
        { type: 'request.classified', data: { as, at: at.toISOString() } },
      ),
    reclassify: async (tx, { _id: caseId, subjectId, classified }, { as, reason }) => {
      const from = classified!.as;
      const note = { by: tx.by.id, at: tx.at };
      await change(
        tx,
        caseId,
        {
          $set: { classified: { as, ...note } },
          $push: { reclassified: { from, reason: await vault.seal(subjectId, reason, tx), ...note } },
        },
        { type: 'request.reclassified', data: { from, as } },
      );
    },
    noteResolution: async (tx, caseId, text) => {
      const resolution = { text: await sealed(tx, caseId, text), by: tx.by.id, at: tx.at };
      await change(tx, caseId, { $push: { resolutions: resolution } }, { type: 'resolution.noted', data: {} });
    },
    noteTold: async (tx, { _id, resolutions }) => {
      await model.updateOne({ _id }, { $set: { told: resolutions.length } }, { session: tx.session });
    },
    linkDefect: async (tx, caseId, { reference, scope }) => {
      const defect = { reference: await sealed(tx, caseId, reference), scope, by: tx.by.id, at: tx.at };
      await change(tx, caseId, { $set: { defect } }, { type: 'defect.linked', data: { scope } });
    },
    fulfil: (tx, caseId, as, at) =>
      change(
        tx,
        caseId,
        { $set: { fulfilled: { as, by: tx.by.id, at } } },
        { type: 'request.fulfilled', data: { as, at: at.toISOString() } },
      ),
    readyAnswer: (tx, caseId, at) =>
      change(
        tx,
        caseId,
        { $set: { answerReady: { by: tx.by.id, at } } },
        { type: 'request.answer-readied', data: { at: at.toISOString() } },
      ),
    settleDefect: (tx, caseId, as, at) =>
      change(
        tx,
        caseId,
        { $set: { defectSettled: { as, by: tx.by.id, at } } },
        { type: 'defect.settled', data: { as, at: at.toISOString() } },
      ),
    noteAnswer: (tx, caseId, { letterId, at }) =>
      change(
        tx,
        caseId,
        { $push: { answers: { letterId, at } } },
        { type: 'request.answered', data: { at: at.toISOString() } },
      ),
    init: async () => {
      await model.createCollection();
      await model.createIndexes();
    },
  };
}
