import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import type { Tx } from '../../core/database.js';
import { InputProblem } from '../../core/errors.js';
import { messages } from '../../core/messages.js';
import type { OpenCase } from '../../core/reading.js';
import type { Action } from '../../core/rights.js';
import type { Services } from '../../core/services.js';
import { longText } from './shapes.js';

/** A page's form as it comes: a field that is there several times is a list. */
export type Form = Record<string, string | string[] | undefined>;

/**
 * What staff may do to a case file, besides uploading: the texts and names that forms of Tasklist must not carry.
 * Each is one POST under /api/cases/{number}/{name} and one form of the case file page, with the same schema and the same right.
 */
export interface Command<Body = unknown> {
  name: string;
  /** Key in the table of rights. */
  action: Action;
  summary: string;
  body: z.ZodType<Body>;
  /** Turns the page's form into the body, where a form can't carry it as it is. */
  fromForm?(form: Form, zone: { timeZone: string }): unknown;
  /** Runs in the transaction, with the case as it is there. */
  run(context: RunContext<Body, OpenCase>): Promise<Record<string, string>>;
}

/** What a command runs with: the transaction, and the case as it is there. */
export type RunContext<Body, Opened extends OpenCase> = { services: Services; tx: Tx; body: Body } & Opened;

const define = <Body>(command: Command<Body>): Command<Body> => command;

export const id = z.string().regex(/^[A-Za-z0-9-]{1,40}$/, { error: 'id' });

/** An example of a body, for the API's document. */
export const example = (body: Record<string, unknown>) => ({ examples: [body] });
export const exampleId = '01JNAV5Q8E7C9M2R4T6W8Y0ZAB';

export const refuse = (field: string, code: string, params: Record<string, string> = {}): never => {
  throw new InputProblem(422, 'validation', [{ field, code, params }]);
};

/** The lines of a text area that have something in them. */
export function linesOf(value: Form[string]): string[] | undefined {
  return [value ?? []]
    .flat()
    .join('\n')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);
}

/** RFC 3339 of a local time as a page's field has it; anything else as it is, for the schema to refuse. */
export function instantOf(value: string, timeZone: string): string {
  try {
    return Temporal.PlainDateTime.from(value).toZonedDateTime(timeZone).toInstant().toString();
  } catch {
    return value;
  }
}

/** Commands on cases of every process. */
export const caseCommands: Command[] = [
  define({
    name: 'letter-addresses',
    action: 'decision:letter.correct-address',
    summary: 'Correct the address of a letter that could not be delivered, and send it again',
    body: z
      .strictObject({ letterId: id, email: z.email().max(254) })
      .meta(example({ letterId: exampleId, email: 'aigul@applicant.example' })),
    run: async ({ services, tx, record, body }) => {
      const letter = await services.letters.find(body.letterId, tx);
      if (letter?.caseId !== record._id || letter.state !== 'failed') refuse('letterId', 'letter-not-failed');
      await services.letters.resend(tx, body.letterId, { email: body.email });
      return {};
    },
  }),
  define({
    name: 'void',
    action: 'case.void',
    summary: 'Void a case that was registered by mistake, with the reason',
    body: z.strictObject({ reason: longText }).meta(example({ reason: 'Екі рет тіркелген.' })),
    run: async ({ services, tx, record, body }) => {
      await services.cases.noteVoidReason(tx, record._id, await services.vault.seal(record.subjectId, body.reason, tx));
      await services.trail.record(tx, { caseId: record._id, type: 'case.voiding-requested', data: {} });
      await services.outbox.message(tx, {
        caseId: record._id,
        name: messages.caseVoided.name,
        correlationKey: record.number,
        messageId: `${record._id}:void`,
        variables: {},
      });
      return {};
    },
  }),
];
