import type { DecisionRecord } from '../decisions.js';
import type { DocumentRequest } from '../documents.js';
import type { Extract } from './extracts.js';
import { conclusionInForce } from './inspections.js';
import type { Inspection } from './model.js';

const askedBy: Record<string, string> = {
  employeeExplanatoryNote: 'CallActivity_RequestEmployeeNote',
  unitHeadExplanatoryNote: 'CallActivity_RequestUnitHeadNote',
  personalCharacteristic: 'CallActivity_RequestCharacteristic',
  hrSanctionsCertificate: 'CallActivity_RequestSanctionsCertificate',
};

/** What an inspection has to be known by, so that where it waits can be told without asking the engine. */
export interface KnownOfInspection {
  state: 'open' | 'closed' | 'voided';
  inspection: Inspection;
  requests: readonly DocumentRequest[];
  extracts: readonly Extract[];
  decisions: readonly DecisionRecord[];
}

/** Where an inspection waits, as `<process>/<element>`: for a person, a document or NIT. */
export function inspectionWaits(known: KnownOfInspection): string[] {
  const { state, inspection } = known;
  const reports = inspection.signs.flatMap((sign) => [
    ...(sign.dispatchLetterId === null ? ['inspection-offence-report/UserTask_SendMaterials'] : []),
    ...(sign.noticeLetterId === null && sign.unit === 'branch'
      ? ['inspection-offence-report/UserTask_NotifyCentralOffice']
      : []),
  ]);
  return [...reports, ...(state === 'open' ? waitsOfOpen(known) : [])];
}

function waitsOfOpen({ inspection, requests, extracts, decisions }: KnownOfInspection): string[] {
  if (!inspection.screening) return ['inspection/UserTask_ScreenTrigger'];
  if (inspection.screening.result === 'outOfScope') return [];
  const asked = requests.filter((request) => request.state === 'requested');
  const lines = asked.flatMap(({ kind }) => askedBy[kind] ?? []);
  const extracting = extracts.some((extract) => ['requested', 'downloading'].includes(extract.state));
  const materials = [
    ...(lines.length > 0 ? ['inspection/CallActivity_InspectEmployees'] : []),
    ...lines.map((element) => `inspection-employee/${element}`),
    ...(asked.length > lines.length ? ['inspection/CallActivity_RequestAdditionalInformation'] : []),
    ...(asked.length > 0 ? ['document-request/ReceiveTask_DocumentReceived'] : []),
    ...(extracting
      ? ['inspection/CallActivity_ObtainExtracts', 'inspection-nit-extract/IntermediateCatchEvent_PollIntervalPassed']
      : []),
  ];
  if (materials.length > 0) return materials;
  const newest = (decision: string) =>
    decisions.findLast((each) => each.decision === decision && each.accepted) ?? null;
  if (!conclusionInForce(inspection)) {
    const studied = newest('inspection.study-materials')?.answers['studyResult'] === 'conclude';
    return [studied ? 'inspection/UserTask_DrawUpConclusion' : 'inspection/UserTask_StudyMaterials'];
  }
  const confirmed = inspection.lines.some(({ finding }) => finding?.transferConfirmed);
  return confirmed && !newest('inspection.take-measures') ? ['inspection/UserTask_TakeMeasures'] : [];
}
