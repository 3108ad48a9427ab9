import { z } from 'zod';
import { registerTechnicalRequest } from '../../core/technical-request/intake.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/**
 * AMB-TECH-10: a failure that another process came upon is a technical request, registered once under the number of its source, in a transaction of its
 * own. R12: a person's word is that of the monitoring, a machine's that of a journal. Its clock runs from the moment in which it was told.
 */
export const registerTechnicalReferral = defineWorker({
  type: 'technical-request.register-referral',
  title: 'Register referral',
  titleRu: 'Зарегистрировать переданные сведения',
  act: 'R12, R15',
  input: z.object({ referralId: id }),
  output: z.object({}),
  errors: [],
  reach: async ({ input: { referralId }, job, services }) => {
    const referral = await services.vault.reveal(await services.referrals.get(referralId));
    const { source, receivedAt, byMachine } = referral;
    const registered = await registerTechnicalRequest(
      services,
      { kind: 'worker', id: job.type },
      {
        ...{ source: byMachine ? 'journal' : 'monitoring', channel: 'machine', receivedAt, sourceRefNo: source },
        ...{ language: 'kk', system: null, concerns: null, relatesTo: null, referredFrom: source },
        ...{ reporter: null, subject: null, attachment: null },
        // Erased in between: that there was a failure stays known.
        text: referral.facts ?? source,
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
