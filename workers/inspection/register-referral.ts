import { z } from 'zod';
import { registerInspection } from '../../core/inspection/intake.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/**
 * R4, AMB-INS-02: facts that another process came upon are official information. They are registered as any trigger is, once under the number of their source,
 * in a transaction of its own; who screens the trigger decides whether it is one.
 */
export const registerReferral = defineWorker({
  type: 'inspection.register-referral',
  title: 'Register referral',
  titleRu: 'Зарегистрировать переданные сведения',
  act: 'R4',
  input: z.object({ referralId: id }),
  output: z.object({}),
  errors: [],
  reach: async ({ input: { referralId }, job, services }) => {
    const referral = await services.vault.reveal(await services.referrals.get(referralId));
    const { source, receivedAt, employeeIds } = referral;
    // Erased in between: that there were facts stays known.
    const facts = (referral.facts as string | null) ?? source;
    const registered = await registerInspection(
      services,
      { kind: 'worker', id: job.type },
      {
        ...{ triggerKind: 'officialInformation', receivedAt, channel: 'machine', sourceRefNo: source, sender: null },
        ...{ language: 'kk', facts: [facts], thirdParties: [] },
        ...{ employeeIds, namedEmployees: [], period: null },
      },
      null,
    );
    return { caseId: registered.case._id, source };
  },
  run: async ({ input: { referralId }, tx, services, reached: { caseId, source } }) => {
    await services.trail.record(tx, { caseId, type: 'referral.registered', subject: referralId, data: { source } });
    return {};
  },
});
