import type { LightMyRequestResponse } from 'fastify';
import type { CaseState } from '../../core/rights.js';
import { application, applicationOfOrganisation } from '../builders/application.js';
import { document } from '../builders/inspection.js';
import type { buildApp } from '../../api/app.js';
import type { UploadedFile } from './api-site.js';
import { addressees, callerNames, isSignedIn, newKey, type CallerName, type Column } from './rights-cases.js';

/** The table of rights as the routes have to hold it, written down apart from core/rights.ts: which route answers whom with what. */

/** A row: one route, or one use of it where it depends on what is sent. */
export interface Row {
  /** As the app prints it, e.g. `GET /api/cases/:number`. */
  route: string;
  use?: string;
  status(column: Column): number;
  /** `number` is the case's, or one that was never given. */
  send(column: Column, number: string): Promise<LightMyRequestResponse>;
  /** The request names the case: who may not see it gets what anybody gets for a number that was never given. */
  namesCase?: boolean;
  /** The answer lists cases: who may read the case finds it there. */
  lists?: boolean;
  /** The same, of what runs in open cases alone. */
  listsOpen?: boolean;
  /** No case is behind it: each caller asks once, whatever the state of his case. */
  ofNoCase?: boolean;
}

/** Who may read the case that he asks about. */
export const readers: readonly CallerName[] = [
  'ISS that inspects',
  'ISS of the central office',
  'management of the unit that inspects',
  'auditor',
  'ISS of the central office that inspects',
  'management of the central office that inspects',
  'management that stands in',
];

const inspecting: readonly CallerName[] = ['ISS that inspects', 'ISS of the central office that inspects'];
const managing: readonly CallerName[] = [
  'management of the unit that inspects',
  'management of the central office that inspects',
  'management that stands in',
];
/** Who registers cases, whatever becomes of them: every officer of the security service, and the chancery. */
const registering: readonly CallerName[] = [
  'machine client',
  'registrar',
  ...callerNames.filter((name) => /ISS|officer/.test(name) && name !== 'personnel officer'),
];

type Who = Partial<Record<CaseState, readonly CallerName[]>>;

/** What a route answers that names a case: 401, 404, 403, 409 once the case has ended, or what it is for. */
const ofCase =
  (granted: number, may: Who) =>
  ({ caller, state }: Column): number => {
    if (!isSignedIn(caller)) return 401;
    if (!readers.includes(caller)) return 404;
    if (may[state]?.includes(caller)) return granted;
    return state !== 'open' && may.open?.includes(caller) ? 409 : 403;
  };
const always = (names: readonly CallerName[]): Who => ({ open: names, closed: names, voided: names });

const anybody = (status: number) => () => status;
const signedIn = (status: number) => (column: Column) => (isSignedIn(column.caller) ? status : 401);

const html = { accept: 'text/html' };
const page =
  (url: (column: Column, number: string) => string) =>
  (column: Column, number: string): Promise<LightMyRequestResponse> =>
    column.by.page(url(column, number));
const got =
  (url: (column: Column, number: string) => string) =>
  (column: Column, number: string): Promise<LightMyRequestResponse> =>
    column.by.get(url(column, number), column.code === null ? {} : { 'x-access-code': column.code });
const file = (): ['file', UploadedFile] => ['file', document()];

/** What each command is sent, by its name, and who may. */
const commands: Record<string, { may: Who; body(column: Column): Record<string, string | string[] | boolean> }> = {
  'letter-addresses': {
    may: { open: inspecting, closed: inspecting },
    body: ({ subject }) => ({ letterId: subject.letterId, email: 'other@applicant.example' }),
  },
  'screening-reason': { may: { open: inspecting }, body: () => ({ text: 'Ережеге жатпайды.' }) },
  employees: { may: { open: inspecting }, body: () => ({ employeeId: 'SC-1027' }) },
  'employee-removals': { may: { open: inspecting }, body: ({ subject }) => ({ lineId: subject.lineId }) },
  'extract-scope': {
    may: { open: inspecting },
    body: () => ({ facts: ['Мекенжайды қарау'], periodFrom: '2026-01-01', periodTo: '2026-01-31' }),
  },
  // The letters of this line are out: to word nothing is allowed, and changes nothing.
  'request-facts': { may: { open: inspecting }, body: ({ subject }) => ({ lineId: subject.lineId }) },
  'no-extract-reason': { may: { open: inspecting }, body: () => ({ text: 'Жүйелер қаралмаған.' }) },
  requests: { may: { open: inspecting }, body: () => ({ addresseeId: 'SC-1015', question: 'Кім кезекші болды?' }) },
  'non-receipt-notes': {
    may: { open: inspecting },
    body: ({ subject }) => ({ requestId: subject.requestId, reason: 'Бас тартты.' }),
  },
  'non-receipts': {
    may: { open: inspecting },
    body: ({ subject }) => ({ requestId: subject.requestId, reason: 'Бас тартты.' }),
  },
  signs: { may: { open: inspecting, closed: inspecting }, body: () => ({ kinds: ['criminal'] }) },
  findings: {
    may: { open: inspecting },
    body: ({ subject }) => ({ lineId: subject.lineId, transferConfirmed: false, reasoning: 'Берілмеген.' }),
  },
  measures: {
    may: { open: managing },
    body: ({ subject }) => ({
      lineId: subject.lineId,
      kind: 'Ескерту',
      legalGround: 'ҚР Еңбек кодексінің 64-бабы',
      decidedOn: '2026-01-31',
    }),
  },
  withdrawal: { may: { open: inspecting }, body: () => ({}) },
  // Also the central office, which takes over where a branch may not inspect (AMB-INS-08).
  unit: {
    may: { open: [...inspecting, 'ISS of the central office'] },
    body: () => ({ inspectingUnit: 'centralOffice' }),
  },
  void: { may: { open: managing }, body: () => ({ reason: 'Қате тіркелген.' }) },
};

const formOf = (body: Record<string, string | string[] | boolean>): Record<string, string | string[]> =>
  Object.fromEntries(Object.entries(body).map(([name, value]) => [name, Array.isArray(value) ? value : String(value)]));

const applied = {
  triggerKind: 'individualApplication',
  senderName: 'Серікбаева Гүлнар Ерланқызы',
  facts: 'Мекенжайым бөгде адамға берілген.',
};

/** Applicants see where their case stands; anybody else needs a right. */
const reading = (column: Column): number => {
  if (column.caller === 'applicant with the code') return 200;
  if (column.caller === 'applicant with a wrong code') return 404;
  return ofCase(200, always(readers))(column);
};
const following = ({ caller }: Column): number => (caller === 'applicant with the code' ? 200 : 404);
const answering = ({ caller, state }: Column): number => {
  if (!isSignedIn(caller)) return 401;
  return addressees.includes(caller) && state === 'open' ? 303 : 404;
};
const linked = ({ state }: Column): number => (state === 'open' ? 200 : 404);

const ofNoCase = { ofNoCase: true } as const;

const readingRows: Row[] = [
  { ...ofNoCase, route: 'GET /', status: anybody(200), send: page(() => '/') },
  { ...ofNoCase, route: 'GET /apply', status: anybody(200), send: page(() => '/apply') },
  { ...ofNoCase, route: 'GET /follow', status: anybody(200), send: page(() => '/follow') },
  { ...ofNoCase, route: 'GET /assets/merzim.css', status: anybody(200), send: page(() => '/assets/merzim.css') },
  ...['diagram.js', 'bpmn-js/viewer.js', 'bpmn-js/viewer.css', 'bpmn-js/diagram.css'].map((name): Row => ({
    ...ofNoCase,
    route: `GET /assets/${name}`,
    status: anybody(200),
    send: page(() => `/assets/${name}`),
  })),
  {
    ...ofNoCase,
    route: 'GET /assets/diagrams/:process',
    status: anybody(200),
    send: page(() => '/assets/diagrams/inspection'),
  },
  { ...ofNoCase, route: 'GET /health/live', status: anybody(200), send: got(() => '/health/live') },
  { ...ofNoCase, route: 'GET /health/ready', status: anybody(200), send: got(() => '/health/ready') },
  { ...ofNoCase, route: 'GET /api/openapi.json', status: anybody(200), send: got(() => '/api/openapi.json') },
  {
    ...ofNoCase,
    route: 'GET /api/clocks/explain',
    status: anybody(200),
    send: got(() => '/api/clocks/explain?rule=DL-INS-1&from=2026-05-08T14:00:00%2B05:00'),
  },
  { ...ofNoCase, route: 'GET /sign-in', status: anybody(303), send: page(() => '/sign-in?to=/cases') },
  {
    ...ofNoCase,
    route: 'GET /sign-in/callback',
    status: anybody(400),
    send: page(() => '/sign-in/callback?code=1&state=1'),
  },
  { route: 'GET /upload/:token', status: linked, send: page(({ subject }) => subject.link) },
  {
    route: 'GET /upload/:token',
    use: 'with a link that was never given',
    ofNoCase: true,
    status: anybody(404),
    send: page(() => `/upload/${'A'.repeat(43)}`),
  },
  { route: 'GET /requests', status: signedIn(200), send: page(() => '/requests') },
  { route: 'GET /cases', status: signedIn(200), send: page(() => '/cases'), lists: true },
  { route: 'GET /api/cases', status: signedIn(200), send: got(() => '/api/cases?limit=100'), lists: true },
  {
    route: 'GET /api/cases',
    use: 'of one state',
    status: signedIn(200),
    send: got(({ state }) => `/api/cases?state=${state}&limit=1`),
  },
  { route: 'GET /deadlines', status: signedIn(200), send: page(() => '/deadlines'), listsOpen: true },
  {
    route: 'GET /api/deadlines',
    status: signedIn(200),
    send: got(() => '/api/deadlines?limit=100'),
    listsOpen: true,
  },
  { ...ofNoCase, route: 'GET /calendar', status: signedIn(200), send: page(() => '/calendar') },
  {
    route: 'GET /calendar/:token.ics',
    use: 'with a token that was never given',
    ofNoCase: true,
    status: anybody(404),
    send: got(() => `/calendar/${'A'.repeat(32)}.ics`),
  },
  {
    route: 'GET /api/access-log',
    status: ({ caller }) => (isSignedIn(caller) ? (/^auditor/.test(caller) ? 200 : 403) : 401),
    send: got(() => '/api/access-log?limit=200'),
  },
  {
    route: 'GET /audit',
    status: ({ caller }) => (isSignedIn(caller) ? (/^auditor/.test(caller) ? 200 : 403) : 401),
    send: page(() => '/audit?seed=7'),
  },
  { route: 'GET /api/cases.csv', status: signedIn(200), send: got(() => '/api/cases.csv'), lists: true },
  {
    route: 'GET /api/cases.csv',
    use: 'by the name of an inspected employee',
    status: signedIn(200),
    send: got(({ subject }) => `/api/cases.csv?person=${subject.person}`),
    lists: true,
  },
  {
    route: 'GET /cases/:number',
    status: ofCase(200, always(readers)),
    send: page((_column, number) => `/cases/${number}`),
    namesCase: true,
  },
  {
    route: 'GET /api/cases/:number',
    status: reading,
    send: got((_column, number) => `/api/cases/${number}`),
    namesCase: true,
  },
  {
    // No sealer runs here: who may have the export is told that it can't be proved now.
    route: 'GET /api/cases/:number/export',
    status: ofCase(503, always(readers)),
    send: got((_column, number) => `/api/cases/${number}/export`),
    namesCase: true,
  },
  {
    route: 'GET /cases/:number/export',
    status: ofCase(503, always(readers)),
    send: page((_column, number) => `/cases/${number}/export`),
    namesCase: true,
  },
  {
    route: 'GET /api/cases/:number/documents/:documentId',
    status: ofCase(200, always(readers)),
    send: got(({ subject }, number) => `/api/cases/${number}/documents/${subject.documentId}`),
    namesCase: true,
  },
];

const writingRows: Row[] = [
  {
    route: 'POST /follow',
    status: following,
    send: ({ by, code }, number) => by.form('/follow', { number, code: code ?? 'AAAA-AAAA-AAAA-AAAA' }),
    namesCase: true,
  },
  ...Object.entries(commands).flatMap(([name, { may, body }]): Row[] => [
    {
      route: `POST /api/cases/:number/${name}`,
      status: ofCase(200, may),
      send: (column, number) => column.by.post(`/api/cases/${number}/${name}`, body(column)),
      namesCase: true,
    },
    {
      route: `POST /cases/:number/${name}`,
      status: ofCase(303, may),
      send: (column, number) => column.by.form(`/cases/${number}/${name}`, formOf(body(column))),
      namesCase: true,
    },
  ]),
  {
    route: 'POST /api/cases/:number/documents',
    status: ofCase(201, { open: inspecting }),
    send: ({ by }, number) => by.upload(`/api/cases/${number}/documents`, [file()]),
    namesCase: true,
  },
  {
    route: 'POST /cases/:number/documents',
    status: ofCase(303, { open: inspecting }),
    send: ({ by }, number) => by.upload(`/cases/${number}/documents`, [file()], html),
    namesCase: true,
  },
  {
    route: 'POST /cases/search',
    ofNoCase: true,
    status: signedIn(303),
    send: ({ by }) => by.form('/cases/search', { value: 'INS-2026-999999' }),
  },
  {
    route: 'POST /requests/:id',
    status: answering,
    send: ({ by, subject }) => by.upload(`/requests/${subject.requestId}`, [file()], html),
  },
  {
    route: 'POST /requests/:id',
    use: 'with a request that was never made',
    ofNoCase: true,
    status: signedIn(404),
    send: ({ by }) => by.upload('/requests/01JNAV5Q8E0000000000000000', [file()], html),
  },
  {
    route: 'POST /upload/:token',
    status: linked,
    send: ({ by, subject }) => by.upload(subject.link, [file()], html),
  },
  {
    route: 'POST /upload/:token',
    use: 'with a link that was never given',
    ofNoCase: true,
    status: anybody(404),
    send: ({ by }) => by.upload(`/upload/${'A'.repeat(43)}`, [file()], html),
  },
  { ...ofNoCase, route: 'POST /apply', status: anybody(200), send: ({ by }) => by.form('/apply', applied) },
  {
    route: 'POST /api/inspections',
    ofNoCase: true,
    status: anybody(201),
    send: ({ by }) => by.post('/api/inspections', application(), { 'idempotency-key': newKey() }),
  },
  {
    route: 'POST /api/inspections',
    use: 'with what only staff may say',
    ofNoCase: true,
    status: ({ caller }) => (registering.includes(caller) ? 201 : 403),
    send: ({ by }) =>
      by.post('/api/inspections', applicationOfOrganisation({ channel: 'paper', sourceRefNo: newKey() })),
  },
  { ...ofNoCase, route: 'POST /calendar', status: signedIn(200), send: ({ by }) => by.form('/calendar', {}) },
  {
    ...ofNoCase,
    route: 'POST /calendar',
    use: 'to revoke',
    status: signedIn(303),
    send: ({ by }) => by.form('/calendar', { revoke: 'yes' }),
  },
  {
    route: 'POST /sign-out',
    ofNoCase: true,
    status: anybody(303),
    send: async ({ again }) => (await again()).form('/sign-out', {}),
  },
];

/** HEAD answers as GET does, without the body (RFC 9110, 9.3.2). */
const headRows = readingRows.map((row): Row => ({
  ...row,
  route: row.route.replace('GET', 'HEAD'),
  lists: false,
  listsOpen: false,
  send: (column, number) => row.send({ ...column, by: column.by.asking('HEAD') }, number),
}));

/** What reads first: what writes makes lists and case files longer. */
export const rows: readonly Row[] = [...readingRows, ...headRows, ...writingRows];

export const nameOf = ({ route, use }: Row): string => (use ? `${route} (${use})` : route);

/** Every route of the app as `METHOD /path`, from what it prints of its router. */
export function routesOf(app: Pick<Awaited<ReturnType<typeof buildApp>>, 'printRoutes'>): string[] {
  const found: string[] = [];
  const above: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const match = /^([│ ]*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (!match) {
      if (line.trim()) throw new Error(`can't be read as a route: ${line}`);
      continue;
    }
    const [, indent = '', part = '', methods = ''] = match;
    const depth = indent.length / 4;
    above.splice(depth, Infinity, part);
    const path = above.join('').replaceAll(/\/{2,}/g, '/');
    for (const method of methods.split(', ').filter(Boolean)) found.push(`${method} ${path}`);
  }
  return found.sort();
}
