import type { CaseRecord } from '../cases.js';
import type { Actor, Tx } from '../database.js';
import { InputProblem, type FieldFault } from '../errors.js';
import type { StoredFile } from '../files.js';
import { newId } from '../ids.js';
import {
  accessCodeFor,
  actOf,
  countedOnce,
  createCase,
  receiptFaults,
  registerOnce,
  startCase,
  storeAttached,
  type CheckedFile,
  type CountedOnce,
  type Registered,
} from '../intake.js';
import { messages } from '../messages.js';
import { searchIndexes } from '../search-index.js';
import type { Services } from '../services.js';
import {
  basisCopy,
  type AccessRequest,
  type BasisType,
  type RepeatReason,
  type RequestedUser,
  type RequestKind,
  type UserRow,
} from './model.js';

/** A request for access (Appendix 2) whose form has been checked at the edge. */
export interface Application {
  kind: RequestKind;
  repeatReason: RepeatReason | null;
  /** When SKUD or the chancery received it, UTC; null: in the moment of its registration. */
  receivedAt: Date | null;
  channel: string;
  sourceRefNo: string | null;
  language: 'kk' | 'ru';
  applicant: {
    name: string;
    bin: string;
    region: string | null;
    letterRefNo: string | null;
    letterDate: string | null;
    headFullName: string | null;
    headSignature: string | null;
    replyEmail: string;
  };
  basis: { type: BasisType | null; number: string | null; date: string | null };
  users: UserRow[];
  /** Copy of the basis document (R23). */
  copy: CheckedFile | null;
}

/**
 * Registers a request for access: case, clock of R22 (DL-ACC-1, of a repeated application DL-ACC-2), copy of the basis, receipt and message to the
 * engine in one transaction (ACC-02, -05, -08, -10, -52 to -55). A repeat answers with the same case.
 * @throws InputProblem 422 naming each field; 409 for a repeated key or number with other content; 503 when the act is off.
 */
export async function registerAccessRequest(
  services: Services,
  by: Actor,
  application: Application,
  idempotency: { client: string; key: string } | null,
): Promise<Registered> {
  const { clock, database, files, vault } = services;
  await clock.refresh();
  const act = actOf(services, 'access-request');
  const { copy, ...form } = application;
  const content = { ...form, copy: copy && { ...copy, content: copy.content.toString('base64') } };
  const once = countedOnce(services, content, idempotency, {
    channel: application.channel,
    number: application.sourceRefNo,
  });
  return registerOnce(services, 'access-request', once, async () => {
    const employeeIds = await checkApplication(services, application, act.effectiveFrom);
    const caseId = newId();
    // A file is stored before what refers to it, under a key that has to be there.
    const subjectId = await vault.createSubject(null, 'case');
    const file = copy && (await storeAttached(services, { caseId, subjectId }, copy));
    try {
      return await database.transaction(by, (tx) =>
        register(services, tx, { application, employeeIds, caseId, subjectId, file, once }),
      );
    } catch (error) {
      if (file) await files.discard(file.fileId);
      throw error;
    }
  });
}

/** What only the server can tell: times against the clock, systems and applicant against the registry, users against the directory. */
async function checkApplication(
  services: Services,
  application: Application,
  effectiveFrom: string,
): Promise<(string | null)[]> {
  const { organisation } = services;
  const faults: FieldFault[] = receiptFaults(services, application.receivedAt, effectiveFrom);
  const applicant = organisation.access.applicants.find(({ bin }) => bin === application.applicant.bin);
  // AMB-ACC-10: the answer goes to a corporate address; of whom no list tells, any address is taken.
  const isCorporate = (email: string): boolean =>
    !applicant || applicant.mailDomains.includes(email.slice(email.lastIndexOf('@') + 1).toLowerCase());
  const domains = applicant?.mailDomains.join(', ') ?? '';
  if (!isCorporate(application.applicant.replyEmail))
    faults.push({ field: 'applicant.replyEmail', code: 'not-corporate', params: { domains } });
  const functionsOf = new Map(
    organisation.access.systems.map(({ code, functions }) => [code, functions.map((each) => each.code)]),
  );
  const employeeIds: (string | null)[] = [];
  for (const [index, user] of application.users.entries()) {
    const at = `users[${index}]`;
    if (user.email && !isCorporate(user.email))
      faults.push({ field: `${at}.email`, code: 'not-corporate', params: { domains } });
    if (application.users.findIndex(({ iin }) => iin === user.iin) < index)
      faults.push({ field: `${at}.iin`, code: 'twice' });
    for (const [place, right] of user.rights.entries()) {
      const functions = functionsOf.get(right.system);
      if (!functions) faults.push({ field: `${at}.rights[${place}].system`, code: 'unknown-system' });
      else if (!functions.includes(right.function))
        faults.push({ field: `${at}.rights[${place}].function`, code: 'unknown-function' });
    }
    employeeIds.push((await services.directory.byPersonalValue(user.iin))?.employeeId ?? null);
  }
  if (faults.length) throw new InputProblem(422, 'validation', faults);
  return employeeIds;
}

async function register(
  services: Services,
  tx: Tx,
  given: {
    application: Application;
    employeeIds: (string | null)[];
    caseId: string;
    subjectId: string;
    file: StoredFile | null;
    once: CountedOnce;
  },
): Promise<CaseRecord> {
  const { accessRequests, documents, letters, organisation, settings } = services;
  const { application, caseId, subjectId, file } = given;
  const first = {
    rule: application.kind === 'repeat' ? 'DL-ACC-2' : 'DL-ACC-1',
    message: messages.accessRequestRegistered.name,
  } as const;
  const record = await createCase(services, tx, {
    ...first,
    ...{ caseId, subjectId, once: given.once },
    process: 'access-request',
    numberKind: 'ACC',
    receivedAt: application.receivedAt,
    followed: true,
    facts: { kind: application.kind, channel: application.channel },
  });
  const request = await caseFile(services, tx, record, application, given.employeeIds);
  await accessRequests.create(tx, request);
  if (file && application.copy)
    await documents.add(tx, {
      ...{ caseId, subjectId, file },
      kind: basisCopy,
      lineId: '',
      request: null,
      name: application.copy.name,
      languages: organisation.languages,
    });
  await startCase(services, tx, record, first);
  await letters.compose(tx, {
    caseId,
    caseNumber: record.number,
    template: 'access-request/receipt',
    languages: [application.language],
    recipient: {
      subjectId: request.applicant.subjectId,
      name: application.applicant.name,
      email: application.applicant.replyEmail,
    },
    data: {
      caseNumber: record.number,
      receivedAt: record.receivedAt,
      followLink: `${settings.web.publicUrl}/follow`,
      withdrawalLink: `${settings.web.publicUrl}/access-requests/withdrawal`,
      accessCode: accessCodeFor(services, caseId),
    },
    purpose: 'receipt',
  });
  return record;
}

async function caseFile(
  services: Services,
  tx: Tx,
  { _id, number, subjectId }: CaseRecord,
  { applicant, ...application }: Application,
  employeeIds: (string | null)[],
): Promise<AccessRequest> {
  const { vault, organisation } = services;
  const listed = organisation.access.applicants.find(({ bin }) => bin === applicant.bin);
  const applicantSubject = await vault.createSubject(tx, 'organisation');
  const sealOf =
    (subject: string) =>
    async <T extends string | null>(value: T): Promise<T> =>
      (value === null ? null : await vault.seal(subject, value, tx)) as T;
  const ofApplicant = sealOf(applicantSubject);
  const users: RequestedUser[] = [];
  for (const [index, row] of application.users.entries()) {
    const userSubject = await vault.createSubject(tx, 'person');
    const seal = sealOf(userSubject);
    users.push({
      userId: newId(),
      rowNo: index + 1,
      subjectId: userSubject,
      surname: await seal(row.surname),
      name: await seal(row.name),
      middleName: await seal(row.middleName),
      iin: await seal(row.iin),
      login: await seal(row.login),
      officePhone: await seal(row.officePhone),
      cellPhone: await seal(row.cellPhone),
      workstationIp: await seal(row.workstationIp),
      position: await seal(row.position),
      division: await seal(row.division),
      email: await seal(row.email),
      employeeId: listed?.own ? (employeeIds[index] ?? null) : null,
      knownAs: employeeIds[index] ?? null,
      rights: row.rights,
      account: null,
      registeredAt: null,
      answerLetterId: null,
    });
  }
  return {
    ...{ _id, number, subjectId, users },
    kind: application.kind,
    repeatReason: application.repeatReason,
    language: application.language,
    filedBy: tx.by.id,
    applicant: {
      subjectId: applicantSubject,
      name: await ofApplicant(applicant.name),
      bin: await ofApplicant(applicant.bin),
      letterRefNo: await ofApplicant(applicant.letterRefNo),
      letterDate: applicant.letterDate,
      region: await ofApplicant(applicant.region ?? listed?.region ?? null),
      headFullName: await ofApplicant(applicant.headFullName),
      headSignature: await ofApplicant(applicant.headSignature),
      replyEmail: await ofApplicant(applicant.replyEmail),
      index: searchIndexes(vault, [applicant.name, applicant.bin, applicant.replyEmail, applicant.headFullName]),
      standing: listed ? (listed.kind === 'other' ? 'other' : 'eligible') : 'unknown',
      own: listed?.own ?? false,
    },
    basis: {
      ...application.basis,
      number: application.basis.number === null ? null : await vault.seal(subjectId, application.basis.number, tx),
    },
    userIndex: searchIndexes(
      vault,
      application.users.flatMap((row) => [
        row.iin,
        row.email,
        [row.surname, row.name, row.middleName].filter(Boolean).join(' '),
      ]),
    ),
    missing: null,
    askedForCompletionAt: null,
    precheck: null,
    legalException: null,
    reviewNote: null,
    refusalReasons: [],
    decisions: [],
    answeredAt: null,
  };
}
