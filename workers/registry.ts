import { inspectionDecisions } from '../core/inspection/decisions.js';
import type { AnyWorker } from './define-worker.js';
import { applyUnitChange } from './inspection/apply-unit-change.js';
import { checkMaterials } from './inspection/check-materials.js';
import { closeCase } from './inspection/close-case.js';
import { concludeWithoutExtract } from './inspection/conclude-without-extract.js';
import { downloadExtract } from './inspection/download-extract.js';
import { noteWithdrawal } from './inspection/note-withdrawal.js';
import { notifyCentralOffice } from './inspection/notify-central-office.js';
import { openCase } from './inspection/open-case.js';
import { openInspection } from './inspection/open-inspection.js';
import { openOffenceReport } from './inspection/open-offence-report.js';
import { planAdditionalRequests } from './inspection/plan-additional-requests.js';
import { pollExtract } from './inspection/poll-extract.js';
import { recordMeasures } from './inspection/record-measures.js';
import { recordNoExtract } from './inspection/record-no-extract.js';
import { recordOutOfScope } from './inspection/record-out-of-scope.js';
import { requestExtract } from './inspection/request-extract.js';
import { sendMaterials } from './inspection/send-materials.js';
import { signConclusion } from './inspection/sign-conclusion.js';
import { checkClock } from './shared/check-clock.js';
import { recordDecision } from './shared/record-decision.js';
import { recordNonReceipt } from './shared/record-non-receipt.js';
import { remindOfDocument } from './shared/remind-of-document.js';
import { reportClock } from './shared/report-clock.js';
import { requestDocument } from './shared/request-document.js';
import { resendLetter } from './shared/resend-letter.js';
import { settleDocument } from './shared/settle-document.js';
import { startClock } from './shared/start-clock.js';
import { stopClock } from './shared/stop-clock.js';
import { voidCase } from './shared/void-case.js';

/** Every decision that a user task of any process leads to. */
export const decisions = [...inspectionDecisions];

/** Every job type that a diagram may name. A guard holds that diagrams and this list name the same. */
export const workers: readonly AnyWorker[] = [
  checkClock,
  recordDecision(decisions),
  recordNonReceipt,
  remindOfDocument,
  reportClock,
  requestDocument,
  resendLetter,
  settleDocument,
  startClock,
  stopClock,
  voidCase,

  applyUnitChange,
  checkMaterials,
  closeCase,
  concludeWithoutExtract,
  downloadExtract,
  noteWithdrawal,
  notifyCentralOffice,
  openCase,
  openInspection,
  openOffenceReport,
  planAdditionalRequests,
  pollExtract,
  recordMeasures,
  recordNoExtract,
  recordOutOfScope,
  requestExtract,
  sendMaterials,
  signConclusion,
];
