import type { UpdateQuery } from 'mongoose';
import type { Clocks } from '../clocks.js';
import type { Tx } from '../database.js';
import { newId } from '../ids.js';
import { messages } from '../messages.js';
import type { Outbox } from '../outbox.js';
import type { Trail } from '../trail.js';
import type { Inspections } from './inspections.js';
import type { Inspection } from './model.js';
import { unitName } from './units.js';

/** The part of {@link Inspections} that is about signs of an offence and their reports (R9). */
export function signsPart(deps: {
  get: (caseId: string, tx?: Tx) => Promise<Inspection>;
  /** Updates an inspection; false when the filter does not fit it. */
  change: (
    tx: Tx,
    caseId: string,
    update: UpdateQuery<Inspection>,
    filter?: Record<string, unknown>,
  ) => Promise<boolean>;
  trail: Trail;
  clocks: Clocks;
  outbox: Outbox;
}): Pick<Inspections, 'recordSigns' | 'claimReport' | 'setDispatchLetters' | 'setNoticeLetter'> {
  const { get, change, trail, clocks, outbox } = deps;
  return {
    recordSigns: async (tx, caseId, { kinds, revealedAt }, announce) => {
      const inspection = await get(caseId, tx);
      const { number, inspectingUnit, branchCode } = inspection;
      const signId = newId();
      await change(tx, caseId, {
        $push: {
          signs: {
            signId,
            kinds,
            revealedAt,
            recordedAt: tx.at,
            recordedBy: tx.by.id,
            unit: inspectingUnit,
            branchCode,
            reportInstanceKey: null,
            dispatchLetterId: null,
            noticeLetterId: null,
          },
        },
      });
      await trail.record(tx, {
        caseId,
        type: 'signs.revealed',
        subject: signId,
        data: { kinds, revealedAt: revealedAt.toISOString(), unit: unitName(inspection) },
      });
      const rules = inspectingUnit === 'branch' ? ['DL-INS-1', 'DL-INS-2'] : ['DL-INS-1'];
      for (const rule of rules)
        await clocks.start(tx, {
          caseId,
          caseNumber: number,
          process: 'inspection',
          rule,
          subject: signId,
          startedAt: revealedAt,
          // Signs are put on record though next year's calendar is missing: their clock waits for it, the diagram's first step with it.
          withoutCalendar: 'wait',
        });
      if (announce !== 'no')
        await outbox.message(tx, {
          caseId,
          name:
            announce === 'running' ? messages.inspectionSignsRevealed.name : messages.inspectionLateSignsRevealed.name,
          correlationKey: announce === 'running' ? number : signId,
          messageId: signId,
          variables: { caseId, caseNumber: number, signId },
        });
      return signId;
    },
    claimReport: (tx, caseId, signId, instanceKey) =>
      change(
        tx,
        caseId,
        { $set: { 'signs.$.reportInstanceKey': instanceKey } },
        { signs: { $elemMatch: { signId, reportInstanceKey: { $in: [null, instanceKey] } } } },
      ),
    setDispatchLetters: async (tx, caseId, signId, letterIds) => {
      const set = { 'signs.$.dispatchLetterId': letterIds[0], 'signs.$.dispatchLetterIds': letterIds };
      await change(tx, caseId, { $set: set }, { 'signs.signId': signId });
    },
    setNoticeLetter: async (tx, caseId, signId, letterId) => {
      await change(tx, caseId, { $set: { 'signs.$.noticeLetterId': letterId } }, { 'signs.signId': signId });
    },
  };
}
