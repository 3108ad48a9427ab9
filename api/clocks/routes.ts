import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { CalendarMissingError } from '../../core/calendar.js';
import { InputProblem, PermanentError, type FieldFault } from '../../core/errors.js';
import type { Services } from '../../core/services.js';
import type { TermExplanation } from '../../core/term-explanation.js';
import { problems, security } from '../openapi.js';

const explanation = z.object({
  rule: z.string(),
  from: z.string().describe('moment of the event, UTC'),
  targetAt: z.string().nullable().describe('strict reading, UTC; null where no term is set'),
  dueAt: z.string().nullable().describe('ordinary reading: the last moment in which the term is kept, UTC'),
  zone: z.string().describe('IANA zone of the legal days'),
  calendarVersions: z.array(z.string()),
  days: z.array(z.object({ date: z.string(), counted: z.boolean(), reason: z.string() })),
});

/** A form or an address line writes the `+` of an offset as a blank. */
const from = z.preprocess(
  (value) => (typeof value === 'string' ? value.replace(/ (?=\d\d:\d\d$)/, '+') : value),
  z.iso.datetime({ offset: true }),
);

/**
 * How a term is counted, for anybody: it is a question about the law and the calendar, not about a case, so that nothing of a person and
 * nothing of the register can be learned from it.
 */
export const clockRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.get(
    '/api/clocks/explain',
    {
      config: { rateLimit: { max: 120, timeWindow: '1 minute' } },
      schema: {
        summary: 'How the term of a rule is counted from a moment, day by day',
        description: 'The same as `npm run due -- --json`: on the table and the calendars of today; stores nothing.',
        tags: ['case'],
        security: security.anybody,
        querystring: z.strictObject({
          rule: z
            .string()
            .regex(/^DL-[A-Z]+-\d{1,3}$/, { error: 'unknown-rule' })
            .describe('e.g. DL-INS-1'),
          from: from.describe('moment of the event, RFC 3339 with an offset, e.g. 2026-05-08T14:00:00+05:00'),
          lang: z.string().optional(),
        }),
        response: { 200: explanation, ...problems(422) },
      },
    },
    async (request) => explain(services, request.query.rule, new Date(request.query.from)),
  );
};

async function explain({ clocks, deadlineTable }: Services, rule: string, at: Date): Promise<TermExplanation> {
  const refuse = (fault: FieldFault): never => {
    throw new InputProblem(422, 'validation', [fault]);
  };
  if (!deadlineTable.rows.some((row) => row.rule === rule)) return refuse({ field: 'rule', code: 'unknown-rule' });
  try {
    return await clocks.explain(rule, at);
  } catch (error) {
    if (error instanceof CalendarMissingError)
      return refuse({
        field: 'from',
        code: 'no-calendar',
        params: { year: String(error.year), country: error.country },
      });
    if (error instanceof PermanentError && error.field === 'rule')
      return refuse({ field: 'from', code: 'before-rule' });
    throw error;
  }
}
