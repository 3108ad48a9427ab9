import { Schema } from 'mongoose';
import type { AccountRight } from './skud-account.js';

/** ACC-05, R29: what is asked for; a repeated application says why. */
export const requestKinds = ['provide', 'change', 'block', 'repeat'] as const;
export type RequestKind = (typeof requestKinds)[number];
export const repeatReasons = ['blockedInactivity', 'blockedViolation', 'credentialLoss', 'safekeepingFailure'] as const;
export type RepeatReason = (typeof repeatReasons)[number];
/** R23: the orders that an application may rest on; R27 also knows a change of duties. */
export const basisTypes = ['employmentOrder', 'transferOrder', 'dismissalOrder', 'dutyChange'] as const;
export type BasisType = (typeof basisTypes)[number];
/** R22: a refusal names the basis that is missing, and nothing else is a ground. */
export const missingBases = [
  'noBasisOrder',
  'basisTooOld',
  'basisInFuture',
  'basisCopyMissing',
  'notEligibleStaff',
  'noLegalException',
] as const;
export type MissingBasis = (typeof missingBases)[number];

/** Kinds of the documents of a request: the copy of the basis (ACC-17), and the answer's grounds. */
export const basisCopy = 'accessBasis';

/** One row of Appendix 2, as it was sent. What the form may lack at first is null (AMB-ACC-13). */
export interface UserRow {
  surname: string;
  name: string;
  middleName: string | null;
  iin: string;
  login: string | null;
  officePhone: string | null;
  cellPhone: string | null;
  workstationIp: string | null;
  position: string | null;
  division: string | null;
  email: string | null;
  /** Columns 4 and 5: nothing beyond them is ever granted (ACC-54). */
  rights: AccountRight[];
}

/** One user of a request (a numbered row of Appendix 2); what the row says of him, but for the rights, is sealed under his own key. */
export interface RequestedUser extends UserRow {
  userId: string;
  rowNo: number;
  subjectId: string;
  /** Who it is in our directory, where the applicant is this organisation; null elsewhere, or where the directory has nobody of that IIN. */
  employeeId: string | null;
  /** Who it is in our directory, whichever organisation applies: nobody decides on his own access. Absent in what was stored before it was looked for. */
  knownAs?: string | null;
  /** What became of the account; null before. `expired`: nobody came for its password (AMB-ACC-08). `accountId` is SCIM's externalId. */
  account: { accountId: string; skudId: string | null; outcome: AccountOutcome; expired?: boolean; at: Date } | null;
  /** When the user replaced the temporary password: the registration is complete (R24, ACC-19). */
  registeredAt: Date | null;
  /** The letter that answers for this user (ACC-10, AMB-ACC-10). */
  answerLetterId: string | null;
}

/** `issued`: a temporary password was set, so that the first sign-in is awaited. */
export const accountOutcomes = ['issued', 'changed', 'blocked', 'not-provided'] as const;
export type AccountOutcome = (typeof accountOutcomes)[number];

/** The decision on one system (AMB-ACC-17). */
export interface SystemDecision {
  system: string;
  outcome: 'granted' | 'refused';
  ground: MissingBasis | null;
  by: string;
  at: Date;
}

/** A request for access (F-ACC-2). Strings marked sealed are ciphertext of the vault. */
export interface AccessRequest {
  /** The case's id. */
  _id: string;
  number: string;
  /** Subject of the vault whose key protects the case's own texts. */
  subjectId: string;
  kind: RequestKind;
  repeatReason: RepeatReason | null;
  language: 'kk' | 'ru';
  /** Login of who filed it: he does not approve it. `public` for an applicant who is not signed in. */
  filedBy: string;
  applicant: {
    subjectId: string;
    /** Sealed: of the applicant. */
    name: string;
    bin: string;
    letterRefNo: string | null;
    headFullName: string | null;
    headSignature: string | null;
    replyEmail: string;
    letterDate: string | null;
    region: string | null;
    /** Keyed hashes by which the applicant is found. */
    index?: string[];
    /** Of the organisation's list: whether its staff may have access (R30), and is of our own directory. */
    standing: 'eligible' | 'other' | 'unknown';
    own: boolean;
  };
  /** R23. `number` is sealed. */
  basis: { type: BasisType | null; number: string | null; date: string | null };
  users: RequestedUser[];
  /** Keyed hashes by which users are found. */
  userIndex?: string[];
  /** What the form lacks, as paths of its fields; empty when complete. Null before the first check. */
  missing: string[] | null;
  askedForCompletionAt: Date | null;
  /** What the decision table answered. */
  precheck: { check: 'ok' | 'noBasis' | 'manualReview'; missingBasis: MissingBasis | null; at: Date } | null;
  /** Sealed: the norm that provides for access of others (ACC-35), and what the review by hand found. */
  legalException: string | null;
  reviewNote: string | null;
  /** Sealed: why a system is refused, in the words of the answer. */
  refusalReasons: { system: string; text: string }[];
  decisions: SystemDecision[];
  /** Since when the answers are made, so that accounts may be: from here on it is not withdrawn. */
  answeringSince?: Date | null;
  /** When the applicant withdrew it. */
  withdrawnAt?: Date | null;
  answeredAt: Date | null;
}

/** Systems that a request names, each once, in its order. */
export function systemsOf({ users }: Pick<AccessRequest, 'users'>): string[] {
  return [...new Set(users.flatMap(({ rights }) => rights.map(({ system }) => system)))];
}

/** Systems that were granted. */
export function grantedSystems({ decisions }: Pick<AccessRequest, 'decisions'>): Set<string> {
  return new Set(decisions.flatMap(({ system, outcome }) => (outcome === 'granted' ? [system] : [])));
}

/** The rights of a user that were granted. */
export function grantedRights(request: AccessRequest, user: RequestedUser): AccountRight[] {
  const granted = grantedSystems(request);
  return user.rights.filter(({ system }) => granted.has(system));
}

/** Ids in our directory of those for whom access is asked. */
export function accessUsersOf({ users }: Pick<AccessRequest, 'users'>): string[] {
  return users.flatMap(({ knownAs, employeeId }) => knownAs ?? employeeId ?? []);
}

export function accessRequestSchema(): Schema<AccessRequest> {
  const sub = (definition: Record<string, unknown>): Schema =>
    new Schema(definition as never, { _id: false, minimize: false });
  const text = { type: String, default: null };
  const moment = { type: Date, default: null };
  const schema = new Schema<AccessRequest>(
    {
      _id: { type: String, required: true },
      number: { type: String, required: true },
      subjectId: { type: String, required: true },
      kind: { type: String, enum: requestKinds, required: true },
      repeatReason: text,
      language: { type: String, enum: ['kk', 'ru'], required: true },
      filedBy: { type: String, required: true },
      applicant: sub({
        subjectId: String,
        name: String,
        bin: String,
        letterRefNo: text,
        headFullName: text,
        headSignature: text,
        replyEmail: String,
        letterDate: text,
        region: text,
        index: [String],
        standing: String,
        own: Boolean,
      }),
      basis: sub({ type: { type: String, default: null }, number: text, date: text }),
      users: [
        sub({
          userId: String,
          rowNo: Number,
          subjectId: String,
          surname: String,
          name: String,
          middleName: text,
          iin: String,
          login: text,
          officePhone: text,
          cellPhone: text,
          workstationIp: text,
          position: text,
          division: text,
          email: text,
          employeeId: text,
          knownAs: text,
          rights: [sub({ system: String, function: String })],
          account: {
            type: sub({ accountId: String, skudId: text, outcome: String, expired: Boolean, at: Date }),
            default: null,
          },
          registeredAt: moment,
          answerLetterId: text,
        }),
      ],
      userIndex: [String],
      missing: { type: [String], default: null },
      askedForCompletionAt: moment,
      precheck: { type: sub({ check: String, missingBasis: text, at: Date }), default: null },
      legalException: text,
      reviewNote: text,
      refusalReasons: [sub({ system: String, text: String })],
      decisions: [sub({ system: String, outcome: String, ground: text, by: String, at: Date })],
      ...{ answeringSince: moment, withdrawnAt: moment, answeredAt: moment },
    },
    { versionKey: false, minimize: false },
  );
  schema.index({ number: 1 }, { unique: true });
  schema.index({ 'applicant.index': 1 });
  schema.index({ 'applicant.subjectId': 1 });
  schema.index({ userIndex: 1 });
  schema.index({ 'users.subjectId': 1 });
  schema.index({ 'users.account.skudId': 1 });
  schema.index({ 'users.employeeId': 1 });
  return schema;
}
