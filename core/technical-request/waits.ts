import { hasOpenDefect, type TechnicalRequest } from './model.js';

/** Where a technical request waits for its administrator, as `<process>/<element>`. */
export function technicalWaits({
  state,
  technicalRequest: request,
}: {
  state: 'open' | 'closed' | 'voided';
  technicalRequest: TechnicalRequest;
}): string[] {
  if (state !== 'open') return [];
  const { classified, fulfilled, answers } = request;
  if (classified === null) return ['technical-request/UserTask_ClassifyRequest'];
  if (classified.as === 'functioning' && fulfilled === null) return ['technical-request/UserTask_FulfilRequest'];
  if (answers.length === 0) return classified.as === 'other' ? ['technical-request/UserTask_AnswerRequest'] : [];
  return hasOpenDefect(request) ? ['technical-request/UserTask_RemoveDefect'] : [];
}
