import { application, applicationOfOrganisation } from '../builders/application.js';
import { accessForm } from '../builders/access-request.js';
import { phoneCall, technicalForm, technicalRequest } from '../builders/technical-request.js';
import { isSignedIn, newKey } from './rights-cases.js';
import {
  type Row,
  writing,
  byCodeOfAccess,
  readsJournal,
  registersAccess,
  registersTechnical,
  reportsViolations,
  reviewsViolations,
  staffOnly,
  registering,
  ofCase,
  anybody,
  signedIn,
  html,
  file,
  commands,
  accessCommands,
  technicalCommands,
  formOf,
  requestForAccess,
  review,
  violation,
  backup,
  centre,
  ofIsAdministrators,
  recordsBackups,
  applied,
  following,
  answering,
  linked,
  ofNoCase,
} from './rights-row.js';

export const writingRows: Row[] = [
  {
    route: 'POST /follow',
    status: following,
    send: ({ by, code }, number) => by.form('/follow', { number, code: code ?? 'AAAA-AAAA-AAAA-AAAA' }),
    namesCase: true,
  },
  ...Object.entries({ ...commands, ...accessCommands, ...technicalCommands }).flatMap(
    ([name, { may, body }]): Row[] => [
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
    ],
  ),
  {
    route: 'POST /api/cases/:number/documents',
    status: ofCase(201, { open: writing }),
    send: ({ by }, number) => by.upload(`/api/cases/${number}/documents`, [file()]),
    namesCase: true,
  },
  {
    route: 'POST /cases/:number/documents',
    status: ofCase(303, { open: writing }),
    send: ({ by }, number) => by.upload(`/cases/${number}/documents`, [file()], html),
    namesCase: true,
  },
  {
    route: 'POST /cases/search',
    ofNoCase: true,
    status: signedIn(303),
    send: ({ by }) => by.form('/cases/search', { value: 'INS-2026-999999' }),
  },
  // A rule that watches the logs reports too.
  {
    route: 'POST /api/access-violations',
    ofNoCase: true,
    status: staffOnly(reportsViolations, 201),
    send: ({ by }) => by.post('/api/access-violations', violation),
  },
  {
    route: 'POST /access-violations',
    ofNoCase: true,
    status: staffOnly(reportsViolations, 303),
    send: ({ by }) => by.form('/access-violations', violation),
  },
  {
    route: 'POST /api/access-violations/:number/review',
    ofNoCase: true,
    // Of one that nobody reported.
    status: staffOnly(reviewsViolations, 404),
    send: ({ by }) => by.post('/api/access-violations/VIO-2020-000001/review', review),
  },
  {
    route: 'POST /access-violations/:number/review',
    ofNoCase: true,
    // Of one that nobody reported.
    status: staffOnly(reviewsViolations, 404),
    send: ({ by }) => by.form('/access-violations/VIO-2020-000001/review', review),
  },
  {
    route: 'POST /api/upkeep-records',
    ofNoCase: true,
    status: staffOnly(recordsBackups, 201),
    send: ({ by }) => by.post('/api/upkeep-records', backup),
  },
  {
    route: 'POST /api/upkeep-records',
    use: 'of what no machine does by itself',
    ofNoCase: true,
    status: staffOnly(ofIsAdministrators, 201),
    send: ({ by }) => by.post('/api/upkeep-records', centre),
  },
  {
    route: 'POST /upkeep-records',
    ofNoCase: true,
    status: staffOnly(recordsBackups, 303),
    send: ({ by }) => by.form('/upkeep-records', { ...backup, performedAt: '2026-01-31T02:10' }),
  },
  {
    route: 'POST /access-journal/search',
    ofNoCase: true,
    status: staffOnly(readsJournal, 303),
    send: ({ by }) => by.form('/access-journal/search', { value: '850614399559' }),
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
  {
    ...ofNoCase,
    route: 'POST /substitutions',
    status: ({ caller }) => {
      if (!isSignedIn(caller)) return 401;
      return ['inspected employee', 'head of the unit concerned', 'administrator'].includes(caller) ? 303 : 403;
    },
    send: ({ by }) =>
      by.form('/substitutions', {
        ...{ principal: 'employee.ala1', substitute: 'employee.ala2', from: '2026-01-01', until: '2099-12-31' },
      }),
  },
  {
    ...ofNoCase,
    route: 'POST /substitutions/:id/end',
    use: 'of one that was never made',
    status: signedIn(404),
    send: ({ by }) => by.form('/substitutions/01JNAV5Q8E0000000000000000/end', {}),
  },
  {
    route: 'POST /api/access-requests',
    ofNoCase: true,
    status: anybody(201),
    send: ({ by }) => by.post('/api/access-requests', requestForAccess(), { 'idempotency-key': newKey() }),
  },
  {
    route: 'POST /api/access-requests',
    use: 'with what only staff may say',
    ofNoCase: true,
    status: (column) => (registersAccess(column) ? 201 : 403),
    send: ({ by }) =>
      by.post('/api/access-requests', { ...requestForAccess(), channel: 'skud', sourceRefNo: newKey() }),
  },
  {
    // The code of another process's case completes no request for access.
    route: 'POST /api/access-requests/:number/completion',
    status: byCodeOfAccess(200),
    send: ({ by, code }, number) =>
      by.post(
        `/api/access-requests/${number}/completion`,
        { headFullName: 'Сәрсенов Ерлан' },
        { 'x-access-code': code ?? 'AAAA-AAAA-AAAA-AAAA' },
      ),
    namesCase: true,
  },
  {
    // As above: nor does it withdraw one.
    route: 'POST /api/access-requests/:number/withdrawal',
    status: byCodeOfAccess(200),
    send: ({ by, code }, number) =>
      by.post(`/api/access-requests/${number}/withdrawal`, {}, { 'x-access-code': code ?? 'AAAA-AAAA-AAAA-AAAA' }),
    namesCase: true,
  },
  {
    ...ofNoCase,
    route: 'POST /access-requests/new/rows',
    status: anybody(200),
    send: ({ by }) => by.form('/access-requests/new/rows', { rows: '1' }),
  },
  {
    ...ofNoCase,
    route: 'POST /access-requests/new',
    status: anybody(200),
    send: ({ by }) => by.upload('/access-requests/new', accessForm(requestForAccess()), { accept: 'text/html' }),
  },
  {
    // As above, by the page.
    route: 'POST /access-requests/completion',
    status: byCodeOfAccess(200),
    send: ({ by, code }, number) =>
      by.form('/access-requests/completion', { number, code: code ?? 'AAAA-AAAA-AAAA-AAAA' }),
    namesCase: true,
  },
  {
    // As above, by the page.
    route: 'POST /access-requests/withdrawal',
    status: byCodeOfAccess(200),
    send: ({ by, code }, number) =>
      by.form('/access-requests/withdrawal', { number, code: code ?? 'AAAA-AAAA-AAAA-AAAA' }),
    namesCase: true,
  },
  {
    route: 'POST /api/technical-requests',
    ofNoCase: true,
    status: anybody(201),
    send: ({ by }) => by.post('/api/technical-requests', technicalRequest(), { 'idempotency-key': newKey() }),
  },
  {
    route: 'POST /api/technical-requests',
    use: 'with what only staff may say',
    ofNoCase: true,
    status: (column) => (registersTechnical(column) ? 201 : 403),
    send: ({ by }) => by.post('/api/technical-requests', phoneCall()),
  },
  {
    ...ofNoCase,
    route: 'POST /technical-requests/new',
    status: anybody(200),
    send: ({ by }) => by.upload('/technical-requests/new', technicalForm(technicalRequest()), html),
  },
  {
    ...ofNoCase,
    route: 'POST /technical-requests/register',
    status: staffOnly(registersTechnical, 200),
    send: ({ by }) =>
      by.upload('/technical-requests/register', [...technicalForm(phoneCall()), ['origin', 'phone']], html),
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
    ...ofNoCase,
    route: 'POST /notices',
    status: signedIn(200),
    send: ({ by }) => by.form('/notices', { choice: 'digest' }),
  },
  {
    // None of the callers is SKUD, whose signature is what counts; where no SKUD is set, there is no such address.
    route: 'POST /skud/events',
    ofNoCase: true,
    status: anybody(404),
    send: ({ by }) => by.post('/skud/events', {}),
  },
  {
    route: 'POST /password/:token',
    use: 'with a token that was never given',
    ofNoCase: true,
    status: anybody(404),
    send: ({ by }) => by.form(`/password/${'A'.repeat(52)}`, {}),
  },
  {
    route: 'POST /sign-out',
    ofNoCase: true,
    status: anybody(303),
    send: async ({ again }) => (await again()).form('/sign-out', {}),
  },
];
