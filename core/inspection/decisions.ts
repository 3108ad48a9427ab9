import { z } from 'zod';
import { authorisedBodyOn } from '../../config/index.js';
import { defineDecision } from '../decisions.js';
import { localDay } from '../legal-day.js';
import { anySecurityOfficer, commonBranch } from './addressees.js';
import { missingMaterials } from './conclusion.js';
import { inspectionContext, reportContext } from './context.js';

/**
 * What each human step of an inspection has to find in the case file before it counts (idea 6), and what it writes there. A refusal is a
 * code that the task's form shows in words when the task opens again.
 */

const screenTrigger = defineDecision({
  name: 'inspection.screen-trigger',
  answers: z.strictObject({
    screeningResult: z.enum(['inScope', 'outOfScope']),
    inspectingUnit: z.enum(['centralOffice', 'branch']).nullish(),
    nitNeeded: z.boolean().nullish(),
  }),
  context: inspectionContext,
  requires: async ({ caseId, answers, services, tx }) => {
    const inspection = await services.inspections.get(caseId, tx);
    if (answers.screeningResult === 'outOfScope') return inspection.screeningReason ? null : 'screening-reason-missing';
    if (!answers.inspectingUnit) return 'inspecting-unit-missing';
    if (inspection.lines.length === 0) return 'no-employee-named';
    // R3, AMB-INS-01: access to personal data or part in public services, either is enough.
    if (inspection.lines.some((line) => !line.hasPersonalDataAccess && !line.participatesInPublicServices))
      return 'employee-not-inspectable';
    if (answers.inspectingUnit === 'branch') {
      const branch = await commonBranch(services.directory, inspection);
      if (!branch) return 'employees-of-several-units';
      const inspected = inspection.lines.map(({ employeeId }) => employeeId);
      if (await anySecurityOfficer(services.directory, inspected, branch)) return 'security-officer-inspected';
    }
    if (answers.nitNeeded) return inspection.extractScope ? null : 'extract-scope-missing';
    return inspection.noExtractReason ? null : 'no-extract-reason-missing';
  },
  apply: async ({ caseId, answers, services, tx }) => {
    const inspection = await services.inspections.get(caseId, tx);
    const branchCode = answers.inspectingUnit === 'branch' ? await commonBranch(services.directory, inspection) : null;
    const unit =
      answers.screeningResult === 'inScope'
        ? { inspectingUnit: answers.inspectingUnit ?? ('centralOffice' as const), branchCode }
        : { inspectingUnit: inspection.inspectingUnit, branchCode: inspection.branchCode };
    await services.inspections.screen(tx, caseId, { result: answers.screeningResult, ...unit });
  },
});

const studyMaterials = defineDecision({
  name: 'inspection.study-materials',
  answers: z.strictObject({ studyResult: z.enum(['conclude', 'requestInformation']) }),
  context: inspectionContext,
  requires: async ({ caseId, answers, services, tx }) => {
    const planned = await services.documents.planned(caseId, tx);
    if (answers.studyResult === 'requestInformation') return planned.length > 0 ? null : 'no-request-planned';
    return planned.length > 0 ? 'planned-request-not-sent' : null;
  },
});

const drawUpConclusion = defineDecision({
  name: 'inspection.draw-up-conclusion',
  answers: z.strictObject({
    conclusionReady: z.boolean().nullish(),
    offenceSigns: z.array(z.enum(['administrative', 'criminal'])).nullish(),
  }),
  context: inspectionContext,
  requires: async ({ caseId, answers, services, tx }) => {
    if (!answers.conclusionReady) return 'conclusion-not-ready';
    const inspection = await services.inspections.get(caseId, tx);
    if (inspection.lines.some((line) => line.finding === null)) return 'finding-missing';
    const [requests, extracts] = await Promise.all([
      services.documents.requestsOfCase(caseId, tx),
      services.extracts.ofCase(caseId, tx),
    ]);
    return missingMaterials(inspection, requests, extracts).length > 0 ? 'materials-missing' : null;
  },
  apply: async ({ caseId, answers, services, tx }) => {
    await services.inspections.setConclusionSigns(tx, caseId, answers.offenceSigns ?? []);
  },
});

const takeMeasures = defineDecision({
  name: 'inspection.take-measures',
  answers: z.strictObject({ measuresRecorded: z.boolean().nullish() }),
  context: inspectionContext,
  requires: async ({ caseId, answers, services, tx }) => {
    if (!answers.measuresRecorded) return 'measures-not-confirmed';
    const inspection = await services.inspections.get(caseId, tx);
    const confirmed = inspection.lines.filter((line) => line.finding?.transferConfirmed);
    const covered = confirmed.every((line) => inspection.measures.some((measure) => measure.lineId === line.lineId));
    return covered ? null : 'measure-missing';
  },
});

const sendMaterials = defineDecision({
  name: 'inspection.send-materials',
  answers: z.strictObject({ materialsApproved: z.boolean().nullish() }),
  context: reportContext,
  requires: ({ answers, services, tx }) => {
    if (!answers.materialsApproved) return Promise.resolve('materials-not-approved');
    const body = authorisedBodyOn(services.organisation, localDay(tx.at, services.organisation.timeZone));
    return Promise.resolve(body ? null : 'authorised-body-missing');
  },
});

const notifyCentralOffice = defineDecision({
  name: 'inspection.notify-central-office',
  answers: z.strictObject({ noticeApproved: z.boolean().nullish() }),
  context: reportContext,
  requires: ({ answers }) => Promise.resolve(answers.noticeApproved ? null : 'notice-not-approved'),
});

const decideOnExtract = defineDecision({
  name: 'inspection.decide-on-extract',
  answers: z.strictObject({ extractDecision: z.enum(['again', 'withoutExtract']) }),
  context: inspectionContext,
  requires: async ({ caseId, answers, services, tx }) => {
    if (answers.extractDecision === 'again') return null;
    return (await services.inspections.get(caseId, tx)).noExtractReason ? null : 'no-extract-reason-missing';
  },
});

export const inspectionDecisions = [
  screenTrigger,
  studyMaterials,
  drawUpConclusion,
  takeMeasures,
  sendMaterials,
  notifyCentralOffice,
  decideOnExtract,
] as const;
