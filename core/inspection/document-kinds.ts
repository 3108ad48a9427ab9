import type { Directory } from '../directory.js';
import type { DocumentKind } from '../documents.js';
import { PermanentError } from '../errors.js';
import { documentAddressee } from './addressees.js';
import type { Inspections } from './inspections.js';
import { additionalInformation, lineDocumentKinds } from './model.js';

const templates: Record<(typeof lineDocumentKinds)[number], string> = {
  employeeExplanatoryNote: 'inspection/request-employee-note',
  unitHeadExplanatoryNote: 'inspection/request-unit-head-note',
  personalCharacteristic: 'inspection/request-characteristic',
  hrSanctionsCertificate: 'inspection/request-hr-certificate',
};

/**
 * The documents of R5: the letter of each and who is asked. The letters name the employee to those who have to write about him, and
 * tell nothing of the inspection's number.
 */
export function inspectionDocumentKinds(deps: {
  directory: Directory;
  inspections: Inspections;
}): Record<string, DocumentKind> {
  const kinds: Record<string, DocumentKind> = {};
  for (const kind of lineDocumentKinds)
    kinds[kind] = {
      template: templates[kind],
      addressee: async (caseId, lineId) =>
        documentAddressee(deps.directory, await deps.inspections.get(caseId), lineId, kind),
      letterData: async (caseId, lineId) => {
        const none: Record<string, string> = {};
        if (kind === 'employeeExplanatoryNote') return none;
        const { lines } = await deps.inspections.get(caseId);
        const line = lines.find((candidate) => candidate.lineId === lineId);
        const employee = line && (await deps.directory.employee(line.employeeId));
        if (!employee)
          throw new PermanentError(`lineId ${lineId} names no employee of the directory`, { field: 'lineId' });
        return { employeeName: employee.fullName, employeePosition: employee.position };
      },
    };
  kinds[additionalInformation] = {
    template: 'inspection/request-additional-information',
    addressee: () =>
      Promise.reject(
        new PermanentError('additional information is asked by a planned request only', { field: 'requestId' }),
      ),
    letterData: () => Promise.resolve({}),
  };
  return kinds;
}
