/** Every message that the code sends to a process: its name in the diagrams and what its correlation key is. */
export const messages = {
  inspectionTriggerRegistered: { name: 'inspection.trigger-registered', key: 'case number' },
  inspectionSignsRevealed: { name: 'inspection.signs-revealed', key: 'case number' },
  inspectionLateSignsRevealed: { name: 'inspection.late-signs-revealed', key: 'id of the signs' },
  inspectionEmployeeAdded: { name: 'inspection.employee-added', key: 'case number' },
  inspectionUnitChanged: { name: 'inspection.unit-changed', key: 'case number' },
  inspectionApplicationWithdrawn: { name: 'inspection.application-withdrawn', key: 'case number' },
  inspectionFactsReferred: { name: 'inspection.facts-referred', key: 'id of the referral' },
  accessRequestRegistered: { name: 'access-request.request-registered', key: 'case number' },
  accessRequestCompleted: { name: 'access-request.request-completed', key: 'case number' },
  accessRequestWithdrawn: { name: 'access-request.request-withdrawn', key: 'case number' },
  accessAccountBlocked: { name: 'access-request.account-blocked', key: 'id of the user' },
  accessViolationReported: { name: 'access-request.violation-reported', key: 'id of the violation' },
  accessViolationReviewed: { name: 'access-request.violation-reviewed', key: 'id of the violation' },
  accessPasswordChanged: { name: 'access-request.password-changed', key: 'id of the user' },
  technicalRequestFailureReferred: { name: 'technical-request.failure-referred', key: 'id of the referral' },
  technicalRequestClassChanged: { name: 'technical-request.class-changed', key: 'case number' },
  technicalRequestRegistered: { name: 'technical-request.request-registered', key: 'case number' },
  documentReceived: { name: 'document.received', key: 'id of the document request' },
  letterDelivered: { name: 'letter.delivered', key: 'id of the letter' },
  clockStopped: { name: 'clock.stopped', key: 'id of the clock' },
  caseVoided: { name: 'case.voided', key: 'case number' },
} as const;

export type MessageName = (typeof messages)[keyof typeof messages]['name'];
