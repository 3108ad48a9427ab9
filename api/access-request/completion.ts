import { z } from 'zod';
import type { Tx } from '../../core/database.js';
import { messages } from '../../core/messages.js';
import type { OpenAccessRequest } from '../../core/reading.js';
import type { Services } from '../../core/services.js';
import { basisSchema, copySchema, headDetails, userDetails } from './schemas.js';

const completion = {
  headSignature: 'EDS-2026-0505-114',
  basis: { number: '87-к' },
  users: [{ rowNo: 1, cellPhone: '+7 701 234 56 78' }],
};

/** What an incomplete request may be completed by: fields that it lacks, and nothing that it has (AMB-ACC-13). */
export const completionBody = z
  .strictObject({
    ...headDetails,
    basis: basisSchema.default({}),
    users: z
      .array(z.strictObject({ rowNo: z.number().int().min(1).max(100), ...userDetails }))
      .max(100)
      .default([]),
  })
  .meta({ examples: [completion] });

/** The same with the copy of the basis, as the applicant sends it. */
export const completionWithCopy = completionBody
  .extend({ copy: copySchema.optional() })
  .meta({ examples: [completion] });
export type Completion = z.infer<typeof completionBody>;

/** The same as a form of the case file has it: fields by their paths. Each row has its place, so that a fault's path is the field's name. */
export function completionOfForm(form: Record<string, string | string[] | undefined>): unknown {
  const basis: Record<string, unknown> = {};
  const users: { rowNo: number; [detail: string]: unknown }[] = [];
  const rest: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(form)) {
    const [, row, detail = ''] = /^users\[(\d{1,2})\]\.(\w+)$/.exec(path) ?? [];
    if (row !== undefined) {
      while (users.length <= Number(row)) users.push({ rowNo: users.length + 1 });
      users[Number(row)]![detail] = value;
    } else if (path.startsWith('basis.')) basis[path.slice('basis.'.length)] = value;
    else rest[path] = value;
  }
  return { ...rest, basis, users };
}

/**
 * Fills gaps of a request and tells its process, which checks it again. What is there already stays: to change it, a new request is filed.
 * Without any field it only tells that a document was added.
 */
export async function completeRequest(
  { accessRequests, outbox, vault }: Services,
  tx: Tx,
  { record, accessRequest }: OpenAccessRequest,
  { basis, users, ...head }: Completion,
): Promise<void> {
  const { applicant } = accessRequest;
  const fields: Record<string, unknown> = {};
  const names: string[] = [];
  const fill = async (path: string, present: unknown, value: string | undefined, subject: string | null) => {
    if (value === undefined || present !== null) return;
    fields[path] = subject === null ? value : await vault.seal(subject, value, tx);
    names.push(path);
  };
  for (const name of ['headFullName', 'headSignature'] as const)
    await fill(`applicant.${name}`, applicant[name], head[name], applicant.subjectId);
  await fill('basis.type', accessRequest.basis.type, basis.type, null);
  await fill('basis.number', accessRequest.basis.number, basis.number, accessRequest.subjectId);
  await fill('basis.date', accessRequest.basis.date, basis.date, null);
  for (const { rowNo, ...details } of users) {
    const index = accessRequest.users.findIndex((user) => user.rowNo === rowNo);
    const user = accessRequest.users[index];
    if (!user) continue;
    for (const name of ['login', 'officePhone', 'cellPhone', 'workstationIp', 'position', 'division'] as const)
      await fill(`users.${index}.${name}`, user[name], details[name], user.subjectId);
  }
  await accessRequests.complete(tx, record._id, fields, names);
  await outbox.message(tx, {
    caseId: record._id,
    name: messages.accessRequestCompleted.name,
    correlationKey: record.number,
    messageId: `${record._id}:completed:${tx.at.getTime()}`,
    variables: {},
  });
}
