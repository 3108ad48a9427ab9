import { z } from 'zod';
import { writeToSecurityCentre } from '../../core/access-request/security-centre.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** TECH-37: writes to the operational centre of information security about a violation that stands confirmed, where the organisation names one. */
export const informSecurityCentre = defineWorker({
  type: 'access-request.inform-security-centre',
  title: 'Inform security centre',
  titleRu: 'Сообщить в центр информационной безопасности',
  act: 'R17, R28',
  input: z.object({ violationId: id }),
  output: z.object({}),
  errors: [],
  run: async ({ input: { violationId }, tx, services }) => {
    await writeToSecurityCentre(services, tx, violationId);
    return {};
  },
});
