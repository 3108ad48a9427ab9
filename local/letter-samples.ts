import type { LetterData } from '../core/letter-template.js';

/** Data for a look at each letter: persons, addresses and hashes are made up. */

const unit = { kk: 'Алматы қаласы бойынша филиал', ru: 'Филиал по городу Алматы', en: 'Almaty city branch' };
const employee = { employeeName: 'Әбілқасымова Ұлжан Іңкәрқызы', employeePosition: 'бас маман / главный специалист' };
const answer = { uploadLink: 'https://merzim.example.kz/upload/7QW3-K9ZX-2M4T', replyBy: '2026-06-12', unit };
const hash = (digit: string): string => digit.repeat(64);
const materials = [
  { kind: 'employeeExplanatoryNote', name: 'Түсініктеме Әбілқасымова.pdf', sha256: hash('a') },
  { kind: 'personalCharacteristic', name: 'Характеристика.docx', sha256: hash('b') },
  { kind: 'hrSanctionsCertificate', name: 'справка-18-кд.pdf', sha256: hash('c') },
];
const signs = ['administrative', 'criminal'];
const signatory = { signatoryName: 'Қ. Ғ. Төлегенов', signatoryPosition: 'Филиал директоры / Директор филиала' };
const clock = {
  caseNumber: 'INS-2026-000017',
  rule: 'DL-INS-1',
  caseLink: 'https://merzim.example.kz/cases/INS-2026-000017',
};
const caseOfClock = { caseNumber: clock.caseNumber, caseLink: clock.caseLink };
const places = {
  tasklistLink: 'https://merzim.example.kz/tasklist',
  choicesLink: 'https://merzim.example.kz/notices',
};
const facts = [
  '2026 жылғы 3 маусымда мекенжай туралы мәліметтер үшінші тұлғаға берілді',
  'Передача сведений о месте жительства через мессенджер',
];
const document = { caseNumber: 'INS-2026-000017', unit, receivedAt: new Date('2026-06-05T04:31:00Z') };
const author = {
  authorName: 'Ө. Ң. Һәкімова',
  authorPosition: 'Қауіпсіздік қызметінің маманы / Специалист службы безопасности',
};

const request = { caseNumber: 'ACC-2026-000009', userName: 'Нұрғалиева Әсем Іңкәрқызы' };
const refused = [
  {
    system: { kk: 'Зейнетақы төлемдерінің деректер базасы', ru: 'База данных пенсионных выплат' },
    ground: 'basisTooOld',
    reason: '2024 жылғы бұйрық. Приказ 2024 года.',
  },
];

export const letterSamples: Record<string, LetterData> = {
  'access-request/account-blocked': {
    login: 'u-7q3k9zx2m4',
    ground: 'inactivity30',
    blockedAt: new Date('2026-06-04T19:05:00Z'),
    opening: 'repeat',
    lastUsedOn: '2026-05-04',
  },
  'access-request/accounts-blocked': { day: '2026-06-05', ground: 'inactivity30', count: 12 },
  'access-request/accounts-not-blocked': {
    day: '2026-06-05',
    count: 1,
    skudIds: ['2819c223-7f76-453a-919d-413861904646'],
  },
  'access-request/violation-reported': {
    number: 'VIO-2026-000003',
    kind: 'sharedLogin',
    reportedAt: new Date('2026-06-05T04:31:00Z'),
    count: 1,
    review: 'awaited',
    link: 'https://merzim.example.kz/access-violations',
  },
  'access-request/application-reminder': {
    login: 'u-7q3k9zx2m4',
    blockedAt: new Date('2026-06-04T19:05:00Z'),
    formLink: 'https://merzim.example.kz/access-requests/new',
  },
  'access-request/password-renewal': {
    login: 'u-7q3k9zx2m4',
    passwordChangedAt: new Date('2026-03-02T04:31:00Z'),
  },
  'access-request/violation-confirmed': {
    number: 'VIO-2026-000003',
    kind: 'sharedLogin',
    reportedAt: new Date('2026-06-05T04:31:00Z'),
    count: 1,
    systems: [
      { code: 'pension', name: { kk: 'Зейнетақы төлемдерінің деректер базасы', ru: 'База данных пенсионных выплат' } },
    ],
  },
  'access-request/violation-not-confirmed': {
    number: 'VIO-2026-000003',
    opened: 1,
    blocked: 0,
    link: 'https://merzim.example.kz/access-violations',
  },
  'access-request/account-released': { login: 'u-7q3k9zx2m4', openedAt: new Date('2026-06-05T06:12:00Z') },
  'access-request/receipt': {
    caseNumber: request.caseNumber,
    receivedAt: new Date('2026-06-05T04:31:00Z'),
    followLink: 'https://merzim.example.kz/follow',
    withdrawalLink: 'https://merzim.example.kz/access-requests/withdrawal',
    accessCode: '7QW3-K9ZX-2M4T-H8PB',
  },
  'access-request/withdrawal-receipt': {
    caseNumber: request.caseNumber,
    withdrawnAt: new Date('2026-06-05T10:02:00Z'),
  },
  'access-request/ask-for-completion': {
    caseNumber: request.caseNumber,
    missing: ['headSignature', 'copy', 'cellPhone'],
    completionLink: 'https://merzim.example.kz/access-requests/completion',
    accessCode: '7QW3-K9ZX-2M4T-H8PB',
  },
  'access-request/answer-granted': {
    ...request,
    action: 'provide',
    granted: [{ right: { kk: 'Бірыңғай жүйе: жазбаларды қарау', ru: 'Единая система: просмотр записей' } }],
    login: 'u-7q2m9x4tab',
    passwordLink: 'https://merzim.example.kz/password/7QW3K9ZX2M4TH8PB7QW3K9ZX2M4TH8PB',
    passwordUntil: new Date('2026-06-08T04:31:00Z'),
    refused,
  },
  'access-request/answer-refused': { ...request, refused },
  'inspection/receipt': {
    caseNumber: 'INS-2026-000017',
    receivedAt: new Date('2026-06-05T04:31:00Z'),
    followLink: 'https://merzim.example.kz/follow',
    accessCode: '7QW3-K9ZX-2M4T-H8PB',
  },
  'inspection/request-employee-note': { facts, ...answer },
  'inspection/request-unit-head-note': { ...employee, ...answer },
  'inspection/request-characteristic': { ...employee, ...answer },
  'inspection/request-hr-certificate': { ...employee, ...answer },
  'inspection/request-additional-information': {
    question:
      'Халыққа қызмет көрсету залындағы 2026 жылғы 3 маусымдағы кезекшілік кестесі.\nГрафик дежурств в зале за 3 июня 2026 года.',
    ...answer,
  },
  'inspection/document-reminder': {
    requestNumber: 'OUT-2026-000041',
    requestedOn: '2026-06-05',
    documentKind: 'employeeExplanatoryNote',
    ...answer,
  },
  'inspection/document-receipt': {
    requestNumber: 'OUT-2026-000041',
    documentKind: 'employeeExplanatoryNote',
    receivedAt: new Date('2026-06-09T11:05:00Z'),
    sha256: hash('a'),
    unit,
  },
  'inspection/materials-to-authorised-body': {
    caseNumber: 'INS-2026-000017',
    unit,
    signs,
    revealedAt: new Date('2026-06-09T11:05:00Z'),
    supplementTo: 'OUT-2026-000050',
    materials: materials.map((material, at) => ({ ...material, sent: ['attached', 'following', 'apart'][at]! })),
    ...signatory,
  },
  'inspection/notice-to-central-office': {
    caseNumber: 'INS-2026-000017',
    unit,
    signs,
    revealedAt: new Date('2026-06-09T11:05:00Z'),
    dispatchNumber: 'OUT-2026-000050',
    dispatchedOn: '2026-06-10',
    ...signatory,
  },
  'shared/clock-warning': {
    ...clock,
    targetAt: new Date('2026-06-10T13:30:00Z'),
    dueAt: new Date('2026-06-11T18:59:59Z'),
  },
  'shared/clock-broken': {
    ...clock,
    dueAt: new Date('2026-06-11T18:59:59Z'),
    reportedAt: new Date('2026-06-11T19:00:03Z'),
  },
  'shared/clock-disproved': {
    ...clock,
    dueAt: new Date('2026-06-11T18:59:59Z'),
    reportedAt: new Date('2026-06-11T19:00:03Z'),
  },
  'shared/clock-moved': {
    caseNumber: clock.caseNumber,
    moves: [
      {
        rule: 'DL-INS-1',
        earlierDueAt: new Date('2026-06-11T18:59:59Z'),
        targetAt: new Date('2026-06-11T13:30:00Z'),
        dueAt: new Date('2026-06-12T18:59:59Z'),
      },
    ],
    caseLink: clock.caseLink,
  },
  'shared/task-opened': {
    task: 'inspection.send-materials',
    openedAt: new Date('2026-06-10T05:10:00Z'),
    dueAt: new Date('2026-06-11T18:59:59Z'),
    ...clock,
    ...places,
  },
  'shared/daily-digest': {
    tasks: [
      { task: 'inspection.send-materials', dueAt: new Date('2026-06-11T18:59:59Z'), ...caseOfClock },
      { task: 'inspection.screen-trigger', ...caseOfClock },
    ],
    overdue: [{ rule: 'DL-INS-2', dueAt: new Date('2026-06-09T18:59:59Z'), ...caseOfClock }],
    soon: [{ rule: 'DL-INS-1', dueAt: new Date('2026-06-11T18:59:59Z'), ...caseOfClock }],
    moreLink: 'https://merzim.example.kz/deadlines',
    ...places,
  },
  'shared/system-alert': {
    kind: 'clock-uncounted',
    foundAt: new Date('2027-12-30T05:00:10Z'),
    component: 'relay',
    lastBeatAt: new Date('2027-12-30T04:56:50Z'),
    year: '2028',
    caseNumber: clock.caseNumber,
    rule: clock.rule,
  },
  'inspection/conclusion': {
    ...document,
    ...author,
    triggerKind: 'individualApplication',
    facts,
    findings: [
      {
        fullName: 'Әбілқасымова Ұлжан Іңкәрқызы',
        position: 'бас маман / главный специалист',
        unitName: unit,
        finding: 'confirmed',
        reasoning:
          'Журналдағы сұраулар өтінім берушінің келісімінсіз жасалған.\nВыгрузка подтверждает передачу сведений.',
      },
      {
        fullName: 'Петров Пётр Петрович',
        position: 'маман / специалист',
        unitName: unit,
        finding: 'notConfirmed',
        reasoning: 'Деректерге жүгінген жоқ. К данным не обращался.',
      },
    ],
    signs,
    revealedAt: new Date('2026-06-09T11:05:00Z'),
    missing: [
      {
        kind: 'unitHeadExplanatoryNote',
        fullName: 'Петров Пётр Петрович',
        reason: 'Басшы бас тартты. Руководитель отказался, составлен акт.',
      },
    ],
    extractReason: 'Ұсынылған үзінді сұраудың ауқымына сай келмеді. Выгрузка вышла за пределы запроса.',
    materials,
    supersedes: 'CON-2026-000003',
  },
  'inspection/out-of-scope-record': {
    ...document,
    ...author,
    triggerKind: 'individualApplication',
    screenedAt: new Date('2026-06-05T09:12:00Z'),
    failed: ['noEmployee', 'noDisclosure'],
    reason: 'Өтініште қызмет көрсету сапасы туралы айтылған. В обращении говорится о качестве обслуживания.',
  },
  'technical-request/receipt': {
    caseNumber: 'TEC-2026-000017',
    receivedAt: new Date('2026-06-05T04:31:00Z'),
    followLink: 'https://merzim.example.kz/follow',
    accessCode: '7QW3-K9ZX-2M4T-H8PB',
  },
  'technical-request/answer': {
    caseNumber: 'TEC-2026-000017',
    done: 'workaround',
    text: 'Анықтаманы «Құжаттар» бөлімінен алыңыз. Справку берите в разделе «Документы».',
  },
  'technical-request/delay': { caseNumber: 'TEC-2026-000017', dueAt: new Date('2026-06-08T18:59:59.999Z') },
  'technical-request/incident-reported': {
    caseNumber: 'TEC-2026-000017',
    concerns: 'securityIncident',
    receivedAt: new Date('2026-06-05T04:31:00Z'),
    link: 'https://merzim.example.kz/cases/TEC-2026-000017',
  },
  'technical-request/upkeep-due': {
    day: '2026-06-05',
    works: [
      { kind: 'backup', system: 'sir', dueOn: '2026-06-05' },
      { kind: 'audit', system: 'pension' },
    ],
    link: 'https://merzim.example.kz/upkeep-records',
  },
};

/** What the letters in the preview are filled with beside their data. */
export const letterPreview = {
  number: 'OUT-2026-000042',
  at: new Date('2026-06-05T05:00:00Z'),
  addressee: {
    kk: 'Әбілқасымова Ұлжан Іңкәрқызы',
    ru: 'Абилкасымовой Улжан Инкаровне',
    ky: 'Абылкасымова Улжан Иңкаровна',
  },
  replyNumber: null,
};
