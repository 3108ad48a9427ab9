import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { JournalFilter, JournalRow } from '../../core/access-request/journal.js';
import { InputProblem } from '../../core/errors.js';
import type { Paper } from '../../core/paper-pdf.js';
import { casesOfPerson } from '../../core/register.js';
import type { Services } from '../../core/services.js';
import type { Text } from '../../core/text.js';
import { actorByRole } from '../access.js';
import { csvLine } from '../../core/csv.js';
import { personHash, startOfDay } from '../cases/register.js';
import { problems, security } from '../openapi.js';

/** What the journal is narrowed by. No personal value: it holds the keyed hash of one. */
export const journalQuery = z.strictObject({
  from: z.iso.date().optional().describe('done on this day or later, in the organisation’s zone'),
  to: z.iso.date().optional().describe('done on this day or earlier, in the organisation’s zone'),
  person: personHash.optional(),
  lang: z.string().optional(),
});
/** The same for a page of it. */
export const journalPageQuery = journalQuery.extend({
  before: z.coerce.number().int().min(1).optional().describe('cursor: the last row of the page before'),
});
export type JournalQuery = z.output<typeof journalQuery>;

/** The columns of the form, in its order; the catalogue's keys are `journal.column.<name>`. */
export const journalColumns = ['rowNo', 'letters', 'systems', 'at', 'basis', 'administrator', 'note'] as const;

/** The journal's access log entries have this action. */
export const journalAccess = 'access-journal.read';

async function filterOf(services: Services, { from, to, person }: JournalQuery): Promise<JournalFilter> {
  return {
    from: from === undefined ? undefined : startOfDay(services, from),
    before: to === undefined ? undefined : startOfDay(services, to, 1),
    caseIds: person === undefined ? undefined : await casesOfPerson(services.database, person),
  };
}

/** A page of the journal, newest first; `next` is the cursor of the one after it. */
export async function listJournal(services: Services, query: JournalQuery, before: number | null, limit: number) {
  const found: JournalRow[] = [];
  for await (const row of services.accessJournal.rows(await filterOf(services, query), { before }))
    if (found.push(row) > limit) break;
  const rows = await services.vault.reveal(found.slice(0, limit));
  return { rows, next: found.length > limit ? (rows.at(-1)?._id ?? null) : null };
}

/** Rows are opened so many at a time. */
const batch = 100;

/** All rows that fit, the oldest first, each as the form prints it. */
async function* printedRows(services: Services, text: Text, query: JournalQuery): AsyncGenerator<string[]> {
  let read: JournalRow[] = [];
  const opened = async () => (await services.vault.reveal(read)).map((row) => printedRow(services, text, row));
  for await (const row of services.accessJournal.rows(await filterOf(services, query), 'oldest')) {
    if (read.push(row) < batch) continue;
    yield* await opened();
    read = [];
  }
  yield* await opened();
}

/** The seven cells of an opened row. What was erased is a dash. */
export function printedRow({ organisation }: Pick<Services, 'organisation'>, text: Text, row: JournalRow): string[] {
  const { applicant, basis, ground } = row;
  const numberAndDay = (number: string | null | undefined, day: string | Date | null | undefined): string =>
    [number && `№ ${number}`, day && text.date(day)].filter(Boolean).join(', ');
  const outgoing = applicant && numberAndDay(applicant.letterRefNo, applicant.letterDate);
  const incoming = numberAndDay(row.caseNumber, row.receivedAt);
  const act = text.say(`journal.act.${row.act}`);
  const kindOfBasis = basis?.type && text.say(`access.basis.${basis.type}`);
  return [
    String(row._id),
    [
      applicant?.region,
      outgoing && text.say('journal.outgoing', { letter: outgoing }),
      incoming && text.say('journal.incoming', { letter: incoming }),
    ]
      .filter(Boolean)
      .join('; '),
    row.systems
      .map((code) => organisation.access.systems.find((system) => system.code === code)?.name[text.language] ?? code)
      .join('; '),
    text.date(row.at),
    ground
      ? text.say(`blockGround.${ground}`)
      : [kindOfBasis, basis && numberAndDay(basis.number, basis.date)].filter(Boolean).join(' '),
    row.administrators.map((administrator) => nameOf(text, administrator)).join('; ') || text.say('journal.automatic'),
    row.caseNumber === null
      ? text.say('journal.note-foreign', { account: row.skudId ?? row.accountId, act })
      : text.say('journal.note', { number: row.caseNumber, row: String(row.userRowNo ?? '—'), act }),
  ].map((cell) => cell || '—');
}

function nameOf(text: Text, { login, employeeId, ...names }: JournalRow['administrators'][number]): string {
  if (employeeId === null) return login;
  return (text.language === 'kk' ? names.fullNameKk : null) ?? names.fullName ?? '—';
}

const headsOf = (text: Text): string[] => journalColumns.map((name) => text.say(`journal.column.${name}`));

/** So many rows are put on paper at once, which takes a second or two, in which this process answers nobody else. */
const mostOnPaper = 300;

/** The journal as the act prints it. @throws InputProblem 422 where the period has more rows than paper takes. */
export async function journalPaper(
  services: Services,
  text: Text,
  query: JournalQuery,
  reader: string,
): Promise<Paper> {
  const rows: string[][] = [];
  for await (const row of printedRows(services, text, query))
    if (rows.push(row) > mostOnPaper)
      throw new InputProblem(422, 'validation', [
        { field: 'from', code: 'too-many-rows', params: { most: mostOnPaper } },
      ]);
  const { organisation, clock } = services;
  const at = clock.legalNow();
  const title = text.say('journal.title');
  const { from, to } = query;
  return {
    ...{ title, at, landscape: true },
    language: text.language,
    author: organisation.name[text.language],
    foot: `${title} · ${text.say('paper.printed', { who: reader, moment: text.moment(at) })}`,
    blocks: [
      {
        kind: 'facts',
        rows: [
          [text.say('journal.owner'), organisation.name[text.language]],
          ...(from ? [[text.say('journal.from'), text.date(from)] as const] : []),
          ...(to ? [[text.say('journal.to'), text.date(to)] as const] : []),
        ],
      },
      rows.length > 0
        ? { kind: 'table', heads: headsOf(text), rows }
        : { kind: 'paragraph', text: text.say('journal.none') },
    ],
  };
}

/** The journal as CSV. Its page and its PDF are in `pages/access-journal.tsx`. */
export const journalRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.get(
    '/api/access-journal.csv',
    {
      schema: {
        summary: 'Journal of registration of users and issue of logins (R25, Appendix 1), as CSV, oldest first',
        description:
          'RFC 4180, UTF-8 with byte order mark, in the language of the request: the seven columns of the form.',
        tags: ['access-request'],
        security: security.staff,
        querystring: journalQuery,
        response: {
          200: { description: 'The journal', content: { 'text/csv': { schema: z.any() } } },
          ...problems(401, 403, 422),
        },
      },
      config: { access: journalAccess },
    },
    async (request, reply) => {
      actorByRole(request, journalAccess);
      const lines = csvOf(request.text, printedRows(services, request.text, request.query));
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="access-journal.csv"')
        .header('cache-control', 'no-store')
        .send(Readable.from(lines, { objectMode: false }));
    },
  );
};

async function* csvOf(text: Text, rows: AsyncIterable<string[]>): AsyncGenerator<string> {
  yield `\uFEFF${csvLine(headsOf(text))}`;
  for await (const row of rows) yield csvLine(row);
}
