import type { UpdateQuery } from 'mongoose';
import type { Clocks } from '../clocks.js';
import type { Database, Tx } from '../database.js';
import { PermanentError } from '../errors.js';
import { newId } from '../ids.js';
import { messages } from '../messages.js';
import type { Outbox } from '../outbox.js';
import type { Trail } from '../trail.js';
import type { Vault } from '../vault.js';
import {
  inspectionSchema,
  type Conclusion,
  type Inspection,
  type Paper,
  type RequestFacts,
  type InspectingUnit,
  type OffenceSign,
} from './model.js';
import { signsPart } from './signs.js';
import { rulesOfSigns } from './clock-holder.js';
import { unitCode, unitName } from './units.js';

/** What the case file of an inspection can be told. Every change is one trail entry, in the caller's transaction. */
export interface Inspections {
  create(tx: Tx, inspection: Inspection): Promise<void>;
  /** Sealed as stored; `vault.reveal` opens it. Throws where the case is none of ours. */
  get(caseId: string, tx?: Tx): Promise<Inspection>;
  find(caseId: string, tx?: Tx): Promise<Inspection | null>;
  /** Adds an employee (INS-11, E5); the same employee twice is one line. `announce` tells the running instance. */
  addLine(
    tx: Tx,
    caseId: string,
    line: { employeeId: string; hasPersonalDataAccess: boolean; participatesInPublicServices: boolean },
    announce: boolean,
  ): Promise<string>;
  removeLine(tx: Tx, caseId: string, lineId: string): Promise<void>;
  /** The running instance takes over the lines that are there now; returns them. */
  open(tx: Tx, caseId: string): Promise<Inspection>;
  /** The case is about to close; returns the file, which no signs can be added to unseen. */
  beginClosing(tx: Tx, caseId: string): Promise<Inspection>;
  noteScreeningReason(tx: Tx, caseId: string, reason: string): Promise<void>;
  screen(
    tx: Tx,
    caseId: string,
    screening: { result: 'inScope' | 'outOfScope'; inspectingUnit: InspectingUnit; branchCode: string | null },
  ): Promise<void>;
  setExtractScope(
    tx: Tx,
    caseId: string,
    scope: { facts: string[]; periodFrom: string; periodTo: string },
  ): Promise<void>;
  noteNoExtractReason(tx: Tx, caseId: string, reason: string): Promise<void>;
  /**
   * Records signs of an offence (R9) and starts both clocks at the moment they were revealed (AMB-INS-05), in this transaction, so
   * that they run even while the engine is down. `announce` starts the report in the running case, or after its end.
   */
  recordSigns(
    tx: Tx,
    caseId: string,
    signs: { kinds: OffenceSign[]; revealedAt: Date },
    announce: 'running' | 'after-close' | 'no',
  ): Promise<string>;
  /** True when `instanceKey` is the one instance that reports these signs. */
  claimReport(tx: Tx, caseId: string, signId: string, instanceKey: string): Promise<boolean>;
  /** Notes the letters with the materials, in the order in which they are read. */
  setDispatchLetters(tx: Tx, caseId: string, signId: string, letterIds: readonly string[]): Promise<void>;
  setNoticeLetter(tx: Tx, caseId: string, signId: string, letterId: string): Promise<void>;
  /** Words the facts that a line's notes have to explain, before the letters that ask for them. */
  setRequestFacts(tx: Tx, caseId: string, lineId: string, facts: RequestFacts): Promise<void>;
  setFinding(
    tx: Tx,
    caseId: string,
    lineId: string,
    finding: { transferConfirmed: boolean; reasoning: string },
  ): Promise<void>;
  setConclusionSigns(tx: Tx, caseId: string, kinds: OffenceSign[]): Promise<void>;
  /** Keeps the number that the next conclusion goes by, before its paper is made; whoever repeats the step finds it. */
  setConclusionDraft(tx: Tx, caseId: string, draft: NonNullable<Inspection['conclusionDraft']>): Promise<void>;
  /** Adds a signed conclusion; the one in force before is superseded by it, and keeps its paper. */
  addConclusion(tx: Tx, caseId: string, conclusion: Conclusion): Promise<void>;
  /** R4, INS-08: the trigger starts no inspection; the record of it is a paper of the case. */
  recordOutOfScope(tx: Tx, caseId: string, paper: Paper): Promise<void>;
  addMeasure(
    tx: Tx,
    caseId: string,
    measure: { lineId: string; kind: string; legalGround: string; decidedOn: string },
  ): Promise<string>;
  /** AMB-INS-11: a withdrawal is noted and stops nothing. */
  noteWithdrawal(tx: Tx, caseId: string): Promise<void>;
  /** E6, AMB-INS-09: the clocks stay as they are. */
  changeUnit(
    tx: Tx,
    caseId: string,
    unit: { inspectingUnit: InspectingUnit; branchCode: string | null },
  ): Promise<void>;
  ofEmployee(employeeId: string): Promise<Inspection[]>;
  init(): Promise<void>;
}

/** The conclusion in force: the newest that none supersedes. */
export function conclusionInForce(inspection: Inspection): Conclusion | null {
  return inspection.conclusions.findLast((conclusion) => conclusion.supersededBy === null) ?? null;
}

export function createInspections(deps: {
  database: Database;
  vault: Vault;
  trail: Trail;
  clocks: Clocks;
  outbox: Outbox;
}): Inspections {
  const { database, vault, trail, clocks, outbox } = deps;
  const model = database.connection.model<Inspection>('Inspection', inspectionSchema(), 'inspections');

  const find = (caseId: string, tx?: Tx): Promise<Inspection | null> =>
    model
      .findById(caseId)
      .session(tx?.session ?? null)
      .lean<Inspection>()
      .exec();
  const get = async (caseId: string, tx?: Tx): Promise<Inspection> => {
    const found = await find(caseId, tx);
    if (!found) throw new PermanentError(`caseId ${caseId} is no inspection`, { field: 'caseId' });
    return found;
  };
  const change = async (
    tx: Tx,
    caseId: string,
    update: UpdateQuery<Inspection>,
    filter: Record<string, unknown> = {},
  ): Promise<boolean> => {
    const changed = await model.updateOne({ _id: caseId, ...filter }, update, { session: tx.session });
    return changed.matchedCount === 1;
  };
  /** Sets a sealed text of the case and records that it was noted. */
  const note = async (
    tx: Tx,
    caseId: string,
    field: 'screeningReason' | 'noExtractReason',
    type: string,
    text: string,
  ): Promise<void> => {
    const { subjectId } = await get(caseId, tx);
    await change(tx, caseId, { $set: { [field]: await vault.seal(subjectId, text, tx) } });
    await trail.record(tx, { caseId, type, data: {} });
  };

  return {
    create: async (tx, inspection) => {
      await model.insertMany([inspection], { session: tx.session });
    },
    get,
    find,
    addLine: async (tx, caseId, line, announce) => {
      const { lines, number } = await get(caseId, tx);
      const known = lines.find(({ employeeId }) => employeeId === line.employeeId);
      if (known) return known.lineId;
      const lineId = newId();
      await change(tx, caseId, {
        $push: { lines: { ...line, lineId, addedAt: tx.at, addedBy: tx.by.id, requestFacts: null, finding: null } },
      });
      await trail.record(tx, { caseId, type: 'employee.added', subject: lineId, data: { employee: line.employeeId } });
      if (announce)
        await outbox.message(tx, {
          caseId,
          name: messages.inspectionEmployeeAdded.name,
          correlationKey: number,
          messageId: lineId,
          variables: { lineId },
        });
      return lineId;
    },
    removeLine: async (tx, caseId, lineId) => {
      const removed = await change(tx, caseId, { $pull: { lines: { lineId } } }, { screening: null });
      if (removed) await trail.record(tx, { caseId, type: 'employee.removed', subject: lineId, data: {} });
    },
    open: async (tx, caseId) => {
      await change(tx, caseId, { $set: { openedAt: tx.at } });
      return get(caseId, tx);
    },
    beginClosing: async (tx, caseId) => {
      await change(tx, caseId, { $set: { closingAt: tx.at } });
      return get(caseId, tx);
    },
    noteScreeningReason: (tx, caseId, reason) => note(tx, caseId, 'screeningReason', 'screening-reason.noted', reason),
    screen: async (tx, caseId, { result, inspectingUnit, branchCode }) => {
      await change(tx, caseId, {
        $set: { screening: { result, by: tx.by.id, at: tx.at }, inspectingUnit, branchCode },
      });
      await clocks.moveToUnit(tx, caseId, unitCode({ inspectingUnit, branchCode }), rulesOfSigns);
      await trail.record(tx, {
        caseId,
        type: 'trigger.screened',
        data: { result, unit: unitName({ inspectingUnit, branchCode }) },
      });
    },
    setExtractScope: async (tx, caseId, { facts, periodFrom, periodTo }) => {
      const { subjectId } = await get(caseId, tx);
      const sealed = await Promise.all(facts.map((fact) => vault.seal(subjectId, fact, tx)));
      await change(tx, caseId, { $set: { extractScope: { facts: sealed, periodFrom, periodTo } } });
      await trail.record(tx, {
        caseId,
        type: 'extract-scope.set',
        data: { periodFrom, periodTo, facts: facts.length },
      });
    },
    noteNoExtractReason: (tx, caseId, reason) => note(tx, caseId, 'noExtractReason', 'no-extract-reason.noted', reason),
    ...signsPart({ get, change, trail, clocks, outbox }),
    setRequestFacts: async (tx, caseId, lineId, facts) => {
      const { subjectId } = await get(caseId, tx);
      const sealer = await vault.sealer(subjectId, tx);
      const seal = (texts: string[]): string[] => texts.map((text) => sealer.seal(text));
      const requestFacts = { employee: seal(facts.employee), unitHead: seal(facts.unitHead) };
      if (!(await change(tx, caseId, { $set: { 'lines.$.requestFacts': requestFacts } }, { 'lines.lineId': lineId })))
        throw new PermanentError(`lineId ${lineId} is no line of this inspection`, { field: 'lineId' });
      const data = { employee: facts.employee.length, unitHead: facts.unitHead.length };
      await trail.record(tx, { caseId, type: 'request-facts.worded', subject: lineId, data });
    },
    setFinding: async (tx, caseId, lineId, { transferConfirmed, reasoning }) => {
      const { subjectId } = await get(caseId, tx);
      const finding = {
        transferConfirmed,
        reasoning: await vault.seal(subjectId, reasoning, tx),
        by: tx.by.id,
        at: tx.at,
      };
      if (!(await change(tx, caseId, { $set: { 'lines.$.finding': finding } }, { 'lines.lineId': lineId })))
        throw new PermanentError(`lineId ${lineId} is no line of this inspection`, { field: 'lineId' });
      await trail.record(tx, { caseId, type: 'finding.noted', subject: lineId, data: { transferConfirmed } });
    },
    setConclusionSigns: async (tx, caseId, kinds) => {
      await change(tx, caseId, { $set: { conclusionSigns: kinds } });
    },
    setConclusionDraft: async (tx, caseId, conclusionDraft) => {
      await change(tx, caseId, { $set: { conclusionDraft } });
      await trail.record(tx, {
        caseId,
        type: 'conclusion.numbered',
        subject: conclusionDraft.conclusionId,
        data: { number: conclusionDraft.number },
      });
    },
    addConclusion: async (tx, caseId, conclusion) => {
      const former = conclusionInForce(await get(caseId, tx));
      if (former)
        await change(
          tx,
          caseId,
          { $set: { 'conclusions.$.supersededBy': conclusion.conclusionId } },
          { 'conclusions.conclusionId': former.conclusionId },
        );
      await change(tx, caseId, { $push: { conclusions: conclusion } });
      await trail.record(tx, {
        caseId,
        type: former ? 'conclusion.superseded' : 'conclusion.signed',
        subject: conclusion.conclusionId,
        data: {
          number: conclusion.number,
          sha256: conclusion.sha256,
          attachments: conclusion.attachments.length,
          document: conclusion.paper.documentId,
          pdfSha256: conclusion.paper.sha256,
        },
      });
    },
    recordOutOfScope: async (tx, caseId, paper) => {
      await change(tx, caseId, { $set: { outOfScopeRecord: paper } });
      await trail.record(tx, {
        caseId,
        type: 'trigger.found-out-of-scope',
        subject: paper.documentId,
        data: { pdfSha256: paper.sha256 },
      });
    },
    addMeasure: async (tx, caseId, { lineId, kind, legalGround, decidedOn }) => {
      const { subjectId, lines } = await get(caseId, tx);
      if (!lines.some((line) => line.lineId === lineId))
        throw new PermanentError(`lineId ${lineId} is no line of this inspection`, { field: 'lineId' });
      const measureId = newId();
      await change(tx, caseId, {
        $push: {
          measures: {
            measureId,
            lineId,
            kind: await vault.seal(subjectId, kind, tx),
            legalGround: await vault.seal(subjectId, legalGround, tx),
            decidedBy: tx.by.id,
            decidedOn,
            recordedAt: tx.at,
          },
        },
      });
      await trail.record(tx, {
        caseId,
        type: 'measure.recorded',
        subject: measureId,
        data: { line: lineId, decidedOn },
      });
      return measureId;
    },
    noteWithdrawal: async (tx, caseId) => {
      const { number } = await get(caseId, tx);
      if (!(await change(tx, caseId, { $set: { withdrawnAt: tx.at } }, { withdrawnAt: null }))) return;
      await trail.record(tx, { caseId, type: 'application.withdrawn', data: {} });
      await outbox.message(tx, {
        caseId,
        name: messages.inspectionApplicationWithdrawn.name,
        correlationKey: number,
        messageId: `${caseId}:withdrawn`,
        variables: {},
      });
    },
    changeUnit: async (tx, caseId, unit) => {
      const inspection = await get(caseId, tx);
      const from = unitName(inspection);
      const to = unitName(unit);
      if (from === to) return;
      await change(tx, caseId, { $set: unit, $push: { unitChanges: { from, to, at: tx.at, by: tx.by.id } } });
      await clocks.moveToUnit(tx, caseId, unitCode(unit), rulesOfSigns);
      await trail.record(tx, { caseId, type: 'unit.changed', data: { from, to } });
      await outbox.message(tx, {
        caseId,
        name: messages.inspectionUnitChanged.name,
        correlationKey: inspection.number,
        messageId: `${caseId}:unit:${inspection.unitChanges.length + 1}`,
        variables: {},
      });
    },
    ofEmployee: (employeeId) => model.find({ 'lines.employeeId': employeeId }).lean<Inspection[]>().exec(),
    init: async () => {
      await model.createCollection();
      await model.createIndexes();
    },
  };
}
