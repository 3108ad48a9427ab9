import { accessDecisions } from './access-request/decisions.js';
import { inspectionDecisions } from './inspection/decisions.js';
import { sharedDecisions } from './shared-decisions.js';
import { technicalDecisions } from './technical-request/decisions.js';

/** Every decision that a user task of any process leads to. */
export const declaredDecisions = [
  ...inspectionDecisions,
  ...accessDecisions,
  ...technicalDecisions,
  ...sharedDecisions,
];
