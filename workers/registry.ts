import { declaredDecisions } from '../core/declared-decisions.js';
import { askForCompletion } from './access-request/ask-for-completion.js';
import { blockUnusedAccounts } from './access-request/block-unused-accounts.js';
import { blockViolator } from './access-request/block-violator.js';
import { checkAccessRequest } from './access-request/check-request.js';
import { closeRequest } from './access-request/close-request.js';
import { completeRegistration } from './access-request/complete-registration.js';
import { expireCredentials } from './access-request/expire-credentials.js';
import { informSecurityCentre } from './access-request/inform-security-centre.js';
import { listGrantedUsers } from './access-request/list-granted-users.js';
import { notePrecheck } from './access-request/note-precheck.js';
import { openRequest } from './access-request/open-request.js';
import { provideAccount } from './access-request/provide-account.js';
import { recordAnswer } from './access-request/record-answer.js';
import { recordNoAccount } from './access-request/record-no-account.js';
import { referFailure } from './access-request/refer-failure.js';
import { referToInspection } from './access-request/refer-to-inspection.js';
import { refuseAccess } from './access-request/refuse-access.js';
import { reissuePassword } from './access-request/reissue-password.js';
import { releaseAccounts } from './access-request/release-accounts.js';
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
import { registerReferral } from './inspection/register-referral.js';
import { requestExtract } from './inspection/request-extract.js';
import { sendMaterials } from './inspection/send-materials.js';
import { signConclusion } from './inspection/sign-conclusion.js';
import { announceTask } from './shared/announce-task.js';
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
import { archiveRequests } from './technical-request/archive-requests.js';
import { checkArchive } from './technical-request/check-archive.js';
import { checkUpkeep } from './technical-request/check-upkeep.js';
import { closeTechnicalRequest } from './technical-request/close-request.js';
import { composeAnswer } from './technical-request/compose-answer.js';
import { informOfDelay } from './technical-request/inform-of-delay.js';
import { openTechnicalRequest } from './technical-request/open-request.js';
import { readFulfilment } from './technical-request/read-fulfilment.js';
import { recordTechnicalAnswer } from './technical-request/record-answer.js';
import { registerTechnicalReferral } from './technical-request/register-referral.js';
import { releaseClock } from './technical-request/release-clock.js';
import { remindOfUpkeep } from './technical-request/remind-of-upkeep.js';

/** Every decision that a user task of any process leads to. */
export const decisions = declaredDecisions;

/** Every job type that a diagram may name. A guard holds that diagrams and this list name the same. */
export const workers: readonly AnyWorker[] = [
  announceTask,
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

  askForCompletion,
  blockUnusedAccounts,
  blockViolator,
  checkAccessRequest,
  closeRequest,
  completeRegistration,
  expireCredentials,
  informSecurityCentre,
  listGrantedUsers,
  notePrecheck,
  openRequest,
  provideAccount,
  recordAnswer,
  recordNoAccount,
  referFailure,
  referToInspection,
  refuseAccess,
  reissuePassword,
  releaseAccounts,

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
  registerReferral,
  requestExtract,
  sendMaterials,
  signConclusion,

  archiveRequests,
  checkArchive,
  checkUpkeep,
  closeTechnicalRequest,
  composeAnswer,
  informOfDelay,
  openTechnicalRequest,
  readFulfilment,
  recordTechnicalAnswer,
  registerTechnicalReferral,
  releaseClock,
  remindOfUpkeep,
];
