import { z } from 'zod';
import type { CaseRecord } from '../../core/cases.js';
import type { Tx } from '../../core/database.js';
import { InputProblem } from '../../core/errors.js';
import { anySecurityOfficer, commonBranch } from '../../core/inspection/addressees.js';
import { additionalInformation, type Inspection } from '../../core/inspection/model.js';
import { localDay } from '../../core/legal-day.js';
import type { OpenInspection } from '../../core/reading.js';
import type { Services } from '../../core/services.js';
import {
  example,
  exampleId,
  id,
  instantOf,
  linesOf,
  refuse,
  type Command,
  type Form,
  type RunContext,
} from '../cases/commands.js';
import { longText } from '../cases/shapes.js';

/** What an officer may do to an inspection; on a case of another process the table of rights lets nobody come here. */
const define = <Body>({
  run,
  ...command
}: Omit<Command<Body>, 'run'> & {
  run(context: RunContext<Body, OpenInspection>): Promise<Record<string, string>>;
}): Command<Body> => ({
  ...command,
  run: async (context) => {
    if (!('inspection' in context)) throw new InputProblem(403, 'forbidden');
    return run(context);
  },
});

const mustNotBeConcluded = (inspection: Inspection): void => {
  if (inspection.conclusions.length > 0)
    throw new InputProblem(409, 'conclusion-signed', [], { number: inspection.number });
};

const mustBeLine = (inspection: Inspection, lineId: string): void => {
  if (!inspection.lines.some((line) => line.lineId === lineId)) refuse('lineId', 'unknown-line');
};

const factTexts = z.array(longText).max(50).default([]);
/** Facts to explain, as an officer words them; empty where an addressee is told none. */
const requestFacts = {
  facts: factTexts.describe("for the employee's note"),
  headFacts: factTexts.describe("for the note of the head of the employee's unit"),
};
const factsOfForm = (form: Form) => ({ ...form, facts: linesOf(form['facts']), headFacts: linesOf(form['headFacts']) });

/** Facts that are worded once the letters are out would say what nobody was told. */
async function wordFacts({
  services,
  tx,
  record,
  body: { lineId, facts, headFacts },
}: {
  services: Services;
  tx: Tx;
  record: CaseRecord;
  body: { lineId: string; facts: string[]; headFacts: string[] };
}): Promise<void> {
  const requests = await services.documents.requestsOfCase(record._id, tx);
  if (requests.some((request) => request.lineId === lineId)) {
    if (facts.length + headFacts.length === 0) return;
    refuse('lineId', 'already-asked');
  }
  await services.inspections.setRequestFacts(tx, record._id, lineId, { employee: facts, unitHead: headFacts });
}

export const inspectionCommands: Command[] = [
  define({
    name: 'screening-reason',
    action: 'screening.write',
    summary: 'Note why the trigger is out of scope (INS-08)',
    body: z.strictObject({ text: longText }).meta(example({ text: 'Дербес деректер туралы айтылмаған.' })),
    run: async ({ services, tx, record, body }) => {
      await services.inspections.noteScreeningReason(tx, record._id, body.text);
      return {};
    },
  }),
  define({
    name: 'employees',
    action: 'employee.add',
    summary: 'Name an employee under inspection (INS-11), also one found later',
    body: z
      .strictObject({ employeeId: id, ...requestFacts })
      .meta(example({ employeeId: 'SC-1018', facts: ['Поиск сведений по адресу 3 июня'] })),
    fromForm: factsOfForm,
    run: async ({ services, tx, record, inspection, body }) => {
      mustNotBeConcluded(inspection);
      const employee = await services.directory.employee(body.employeeId);
      if (!employee) return refuse('employeeId', 'unknown-employee');
      const running = inspection.screening?.result === 'inScope';
      // Before the screening whoever screens decides; after it nobody asks again (R3, AMB-INS-01, AMB-INS-08).
      if (running && !employee.hasPersonalDataAccess && !employee.participatesInPublicServices)
        refuse('employeeId', 'employee-not-inspectable');
      const { branchCode } = inspection;
      if (running && branchCode && (await anySecurityOfficer(services.directory, [body.employeeId], branchCode)))
        refuse('employeeId', 'security-officer');
      const lineId = await services.inspections.addLine(
        tx,
        record._id,
        {
          employeeId: body.employeeId,
          hasPersonalDataAccess: employee.hasPersonalDataAccess,
          participatesInPublicServices: employee.participatesInPublicServices,
        },
        inspection.openedAt !== null,
      );
      if (body.facts.length + body.headFacts.length > 0)
        await wordFacts({ services, tx, record, body: { ...body, lineId } });
      return { lineId };
    },
  }),
  define({
    name: 'request-facts',
    action: 'screening.write',
    summary: 'Word the facts that the notes of an employee and of the head of his unit have to explain (R5)',
    body: z
      .strictObject({ lineId: id, ...requestFacts })
      .meta(example({ lineId: exampleId, facts: ['Поиск сведений по адресу 3 июня'] })),
    fromForm: factsOfForm,
    run: async ({ services, tx, record, inspection, body }) => {
      mustBeLine(inspection, body.lineId);
      await wordFacts({ services, tx, record, body });
      return {};
    },
  }),
  define({
    name: 'employee-removals',
    action: 'employee.add',
    summary: 'Take an employee out again before the screening',
    body: z.strictObject({ lineId: id }).meta(example({ lineId: exampleId })),
    run: async ({ services, tx, record, inspection, body }) => {
      mustBeLine(inspection, body.lineId);
      if (inspection.screening) throw new InputProblem(409, 'already-screened', [], { number: record.number });
      await services.inspections.removeLine(tx, record._id, body.lineId);
      return {};
    },
  }),
  define({
    name: 'extract-scope',
    action: 'screening.write',
    summary: 'Set what NIT is asked for: facts and period (INS-20)',
    body: z
      .strictObject({
        facts: z.array(longText).min(1).max(50),
        periodFrom: z.iso.date(),
        periodTo: z.iso.date(),
      })
      .meta(example({ facts: ['Мекенжайды қарау'], periodFrom: '2026-04-01', periodTo: '2026-04-30' })),
    fromForm: (form) => ({ ...form, facts: linesOf(form['facts']) }),
    run: async ({ services, tx, record, body }) => {
      if (body.periodFrom > body.periodTo) refuse('periodFrom', 'after-end', { latest: body.periodTo });
      const today = localDay(tx.at, services.organisation.timeZone);
      if (body.periodTo > today) refuse('periodTo', 'in-future', { latest: today });
      await services.inspections.setExtractScope(tx, record._id, body);
      return {};
    },
  }),
  define({
    name: 'no-extract-reason',
    action: 'screening.write',
    summary: 'Note why no extract is asked for, or why it is done without (AMB-INS-10)',
    body: z.strictObject({ text: longText }).meta(example({ text: 'Бұл жүйелердің деректері туралы айтылмаған.' })),
    run: async ({ services, tx, record, body }) => {
      await services.inspections.noteNoExtractReason(tx, record._id, body.text);
      return {};
    },
  }),
  define({
    name: 'requests',
    action: 'additional-request.write',
    summary: 'Plan a request for additional information (INS-16)',
    body: z
      .strictObject({ addresseeId: id, question: longText })
      .meta(example({ addresseeId: 'SC-1015', question: '4 мамырда кім кезекші болды?' })),
    run: async ({ services, tx, record, inspection, body }) => {
      mustNotBeConcluded(inspection);
      const addressee = await services.directory.employee(body.addresseeId);
      if (!addressee?.active) refuse('addresseeId', 'unknown-employee');
      if (inspection.lines.some((line) => line.employeeId === body.addresseeId))
        refuse('addresseeId', 'inspected-employee');
      const requestId = await services.documents.plan(tx, {
        caseId: record._id,
        subjectId: record.subjectId,
        kind: additionalInformation,
        ...body,
      });
      return { requestId };
    },
  }),
  define({
    name: 'non-receipt-notes',
    action: 'non-receipt.record',
    summary: 'Note why a document has not come, for the decision in Tasklist',
    body: z
      .strictObject({ requestId: id, reason: longText })
      .meta(example({ requestId: exampleId, reason: 'Түсініктеме беруден бас тартты.' })),
    run: async ({ services, tx, record, body }) => {
      const request = await services.documents.find(body.requestId, tx);
      if (request?.caseId !== record._id || request.state !== 'requested') refuse('requestId', 'no-open-request');
      await services.documents.noteNonReceipt(tx, { ...body, subjectId: record.subjectId });
      return {};
    },
  }),
  define({
    name: 'non-receipts',
    action: 'non-receipt.record',
    summary: 'Record that a document was not received (INS-17, AMB-INS-03)',
    body: z
      .strictObject({ requestId: id, reason: longText })
      .meta(example({ requestId: exampleId, reason: 'Түсініктеме беруден бас тартты.' })),
    run: async ({ services, tx, record, body }) => {
      const request = await services.documents.find(body.requestId, tx);
      if (request?.caseId !== record._id || request.state !== 'requested') refuse('requestId', 'no-open-request');
      await services.documents.recordNonReceipt(tx, { ...body, subjectId: record.subjectId });
      return {};
    },
  }),
  define({
    name: 'signs',
    action: 'signs.record',
    summary: 'Record signs of an offence (R9): both clocks start at the moment they were revealed',
    body: z
      .strictObject({
        kinds: z
          .array(z.enum(['administrative', 'criminal']))
          .min(1)
          .max(2),
        revealedAt: z.iso.datetime({ offset: true }).optional().describe('now when absent'),
      })
      .meta(example({ kinds: ['administrative'] })),
    fromForm: (form, { timeZone }) => ({
      ...form,
      kinds: form['kinds'] === undefined ? undefined : [form['kinds']].flat(),
      ...(typeof form['revealedAt'] === 'string' ? { revealedAt: instantOf(form['revealedAt'], timeZone) } : {}),
    }),
    run: async ({ services, tx, record, body }) => {
      const revealedAt = body.revealedAt ? new Date(body.revealedAt) : tx.at;
      if (revealedAt > tx.at) refuse('revealedAt', 'in-future', { latest: tx.at.toISOString() });
      if (revealedAt < record.receivedAt)
        refuse('revealedAt', 'before-receipt', { earliest: record.receivedAt.toISOString() });
      const signId = await services.inspections.recordSigns(
        tx,
        record._id,
        { kinds: [...new Set(body.kinds)], revealedAt },
        record.state === 'open' ? 'running' : 'after-close',
      );
      return { signId };
    },
  }),
  define({
    name: 'findings',
    action: 'findings.write',
    summary: 'Note the finding on an employee with its reasons (R7, F-INS-3)',
    body: z
      .strictObject({ lineId: id, transferConfirmed: z.boolean(), reasoning: longText })
      .meta(example({ lineId: exampleId, transferConfirmed: true, reasoning: 'Жүйе журналы растайды.' })),
    fromForm: (form) => ({ ...form, transferConfirmed: flagOf(form['transferConfirmed']) }),
    run: async ({ services, tx, record, inspection, body }) => {
      mustBeLine(inspection, body.lineId);
      mustNotBeConcluded(inspection);
      await services.inspections.setFinding(tx, record._id, body.lineId, body);
      return {};
    },
  }),
  define({
    name: 'measures',
    action: 'measures.write',
    summary: 'Record a measure taken under the law (R8)',
    body: z.strictObject({ lineId: id, kind: longText, legalGround: longText, decidedOn: z.iso.date() }).meta(
      example({
        lineId: exampleId,
        kind: 'Ескерту',
        legalGround: 'ҚР Еңбек кодексінің 64-бабы',
        decidedOn: '2026-05-20',
      }),
    ),
    run: async ({ services, tx, record, inspection, body }) => {
      mustBeLine(inspection, body.lineId);
      if (!inspection.lines.some(({ lineId, finding }) => lineId === body.lineId && finding?.transferConfirmed))
        refuse('lineId', 'transfer-not-confirmed');
      const today = localDay(tx.at, services.organisation.timeZone);
      if (body.decidedOn > today) refuse('decidedOn', 'in-future', { latest: today });
      return { measureId: await services.inspections.addMeasure(tx, record._id, body) };
    },
  }),
  define({
    name: 'withdrawal',
    action: 'withdrawal.note',
    summary: 'Note that the application was withdrawn; the inspection goes on (AMB-INS-11)',
    body: z.strictObject({}),
    run: async ({ services, tx, record }) => {
      await services.inspections.noteWithdrawal(tx, record._id);
      return {};
    },
  }),
  define({
    name: 'unit',
    action: 'unit.change',
    summary: 'Change the unit that inspects; every clock stays (AMB-INS-09)',
    body: z
      .strictObject({ inspectingUnit: z.enum(['centralOffice', 'branch']) })
      .meta(example({ inspectingUnit: 'centralOffice' })),
    run: async ({ services, tx, record, inspection, body }) => {
      const branchCode = body.inspectingUnit === 'branch' ? await commonBranch(services.directory, inspection) : null;
      if (body.inspectingUnit === 'branch' && !branchCode) refuse('inspectingUnit', 'employees-of-several-units');
      const inspected = inspection.lines.map(({ employeeId }) => employeeId);
      if (branchCode && (await anySecurityOfficer(services.directory, inspected, branchCode)))
        refuse('inspectingUnit', 'security-officer');
      await services.inspections.changeUnit(tx, record._id, { inspectingUnit: body.inspectingUnit, branchCode });
      return {};
    },
  }),
];

function flagOf(value: Form[string]): Form[string] | boolean {
  return value === 'true' ? true : value === 'false' ? false : value;
}
