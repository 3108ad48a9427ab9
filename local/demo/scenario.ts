import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { inProject } from '../../config/index.js';

const login = z.string().min(1);
const answers = z.record(z.string(), z.union([z.string(), z.boolean(), z.array(z.string())]));
const rule = z.string().regex(/^DL-[A-Z]+-\d+$/);

/** What a scenario may say: who does what, and how far time moves. */
const step = z.union([
  z
    .strictObject({ as: login, write: z.string(), body: z.record(z.string(), z.unknown()) })
    .describe('a command on the case file page'),
  z.strictObject({ as: login, complete: z.string(), with: answers }).describe('a task of Tasklist'),
  z
    .strictObject({ answer: z.string(), each: z.literal(true) })
    .describe('every addressee hands in a document of this kind'),
  z
    .strictObject({ as: login, find: z.string(), confirmed: z.boolean(), reasoning: z.string() })
    .describe('a finding on an employee'),
  z
    .strictObject({ as: login, measure: z.string(), kind: z.string(), legalGround: z.string() })
    .describe('a measure against an employee'),
  z
    .strictObject({ as: login, note: z.string(), reason: z.string() })
    .describe('why a document of this kind has not come'),
  z.strictObject({
    travel: z.union([
      z.strictObject({ workingDays: z.number().int().positive() }),
      z.strictObject({ days: z.number().int().positive() }),
      z.strictObject({ past: rule, of: z.string().optional() }),
    ]),
  }),
  z
    .strictObject({ reported: rule, kind: z.enum(['warn', 'target', 'broken']) })
    .describe('wait until a clock has been reported'),
  z.strictObject({ recorded: z.string() }).describe('wait until the trail has an act of this type'),
  z.strictObject({ stopped: rule }).describe('wait until every clock of a rule has been stopped'),
  z
    .strictObject({ enters: z.literal(true) })
    .describe('who was given access opens the link of the answer, and enters SKUD with a password of his own'),
  z.strictObject({ ended: z.literal(true) }).describe('wait until the case has ended'),
]);

const scenario = z.strictObject({
  title: z.string(),
  process: z.enum(['inspection', 'access-request', 'technical-request']).default('inspection'),
  before: z
    .strictObject({ of: z.string(), steps: z.array(step).min(1) })
    .optional()
    .describe(
      'what happens to the case of an earlier file before this one is registered; "@login" in the intake is the login that it gave out',
    ),
  registrar: login.nullable().describe('login of who registers it; null when the applicant files it himself'),
  intake: z.record(z.string(), z.unknown()),
  steps: z.array(step).min(1),
  expect: z.strictObject({ outcome: z.string(), clocks: z.record(rule, z.boolean()) }),
});

export type Step = z.infer<typeof step>;
export type Scenario = z.infer<typeof scenario> & { file: string };

/** The scenarios of `local/demo/<number>-<name>.json`, in the order of their numbers. Throws naming file and field. */
export function readScenarios(): Scenario[] {
  const folder = inProject('local', 'demo');
  return readdirSync(folder)
    .filter((name) => /^\d+-.*\.json$/.test(name))
    .sort((a, b) => parseInt(a, 10) - parseInt(b, 10))
    .map((file) => {
      const parsed = scenario.safeParse(JSON.parse(readFileSync(inProject('local', 'demo', file), 'utf8')));
      if (!parsed.success) throw new Error(`local/demo/${file}: ${z.prettifyError(parsed.error)}`);
      return { ...parsed.data, file };
    });
}
