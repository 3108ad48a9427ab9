import type { Organisation } from '../../config/index.js';
import type { Directory } from '../directory.js';
import type { DocumentKind } from '../documents.js';
import { inEachLanguage } from '../employee-words.js';
import { PermanentError } from '../errors.js';
import type { Vault } from '../vault.js';
import { documentAddressee } from './addressees.js';
import type { Inspections } from './inspections.js';
import { additionalInformation, lineDocumentKinds, type RequestFacts } from './model.js';
import { unitLabel } from './units.js';

const templates: Record<(typeof lineDocumentKinds)[number], string> = {
  employeeExplanatoryNote: 'inspection/request-employee-note',
  unitHeadExplanatoryNote: 'inspection/request-unit-head-note',
  personalCharacteristic: 'inspection/request-characteristic',
  hrSanctionsCertificate: 'inspection/request-hr-certificate',
};

/** Which wording of the facts a letter tells: only the two who have to explain them are told any. */
const factsFor: Partial<Record<string, keyof RequestFacts>> = {
  employeeExplanatoryNote: 'employee',
  unitHeadExplanatoryNote: 'unitHead',
};

/**
 * The documents of R5: the letter of each and who is asked. The letters name the employee to those who have to write about him, tell facts
 * only as an officer worded them for that addressee, and nothing of the inspection's number. What tells about an employee is sealed with
 * that employee's key.
 */
export function inspectionDocumentKinds(deps: {
  directory: Directory;
  inspections: Inspections;
  vault: Pick<Vault, 'reveal'>;
  organisation: Organisation;
}): Record<string, DocumentKind> {
  const { directory, inspections, vault, organisation } = deps;
  const unit = async (caseId: string) => unitLabel(organisation, await inspections.get(caseId));
  const kinds: Record<string, DocumentKind> = {};
  for (const kind of lineDocumentKinds)
    kinds[kind] = {
      template: templates[kind],
      deadlineRule: 'DL-INS-3',
      unit,
      addressee: async (caseId, lineId) => documentAddressee(directory, await inspections.get(caseId), lineId, kind),
      letter: async (caseId, lineId) => {
        const line = (await inspections.get(caseId)).lines.find((candidate) => candidate.lineId === lineId);
        const employee = line && (await directory.employee(line.employeeId));
        if (!employee)
          throw new PermanentError(`lineId ${lineId} names no employee of the directory`, { field: 'lineId' });
        const whose = factsFor[kind];
        const facts = whose ? await vault.reveal(line.requestFacts?.[whose] ?? []) : [];
        const isOwn = kind === 'employeeExplanatoryNote';
        return {
          data: {
            ...(facts.length > 0 ? { facts } : {}),
            ...(isOwn
              ? {}
              : {
                  employeeName: inEachLanguage(employee, 'name'),
                  employeePosition: inEachLanguage(employee, 'position'),
                }),
          },
          dataSubjectId: employee.subjectId,
        };
      },
    };
  kinds[additionalInformation] = {
    template: 'inspection/request-additional-information',
    deadlineRule: 'DL-INS-3',
    unit,
    addressee: () =>
      Promise.reject(
        new PermanentError('additional information is asked by a planned request only', { field: 'requestId' }),
      ),
    // What is asked is a text of the case, whoever has to answer it.
    letter: async (caseId) => ({ data: {}, dataSubjectId: (await inspections.get(caseId)).subjectId }),
  };
  return kinds;
}
