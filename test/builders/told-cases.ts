import { createHandledJobs } from '../../core/handled-jobs.js';
import { journalUser } from '../../core/access-request/journal-rows.js';
import { accessRequest, accessUser } from './access-request.js';
import { staff } from './inspection.js';
import { phoneCall, technicalRequest } from './technical-request.js';
import { ago, backup, type UpkeepBody } from './upkeep.js';
import { somebody as step } from '../helpers/database.js';
import type { ApiSite, Caller } from '../helpers/api-site.js';

/** Cases in the states that a page has to show, told by the services as the steps of the diagram would; the engine isn't asked. */
export interface ToldCases {
  /** Just filed by an applicant, with all that an applicant can say. */
  filed: { number: string; accessCode: string };
  outOfScope: string;
  /** Three employees, every state of a request, of a letter and of an extract, a clock that ran out, signs, findings. */
  inStudy: string;
  /** A signed conclusion, measures, both clocks of R9 reported, the case closed. */
  concluded: string;
  voided: string;
  /** One-time link of a request that is still open. */
  link: string;
}

const hash = (digit: string): string => digit.repeat(64);

export async function tellCases(site: ApiSite): Promise<ToldCases> {
  const filed = await fileByApplicant(site);
  const outOfScope = await tellOutOfScope(site);
  const { number: inStudy, link } = await tellInStudy(site);
  const concluded = await tellConcluded(site);
  const voided = await tellVoided(site);
  return { filed, outOfScope, inStudy, concluded, voided, link };
}

async function fileByApplicant(site: ApiSite): Promise<ToldCases['filed']> {
  const response = await site.anybody.post('/api/inspections', {
    triggerKind: 'individualApplication',
    sender: {
      name: 'Әбілқасымова Ұлжан Іңкәрқызы',
      iin: '850412400121',
      email: 'ulzhan@applicant.example',
      phone: '+7 701 234 56 78',
    },
    language: 'kk',
    facts: [
      'Қараша айының басында мен № 1 бөлімге тұрғылықты жерім туралы анықтама алуға келдім.\n\nКелесі күні бейтаныс адам қоңырау шалып, менің мекенжайымды, отбасы құрамымды және жұмыс орнымды дәл атады. Бұл мәліметтерді мен ешкімге айтқан жоқпын.',
      'Хабарламаның көшірмесі: https://messenger.example/very/long/address/without/any/space/in/it/0123456789abcdefghijklmnopqrstuvwxyz',
    ],
    employees: [{ name: 'Серік, бойы ұзын, көзілдірік таққан', position: 'оператор', unit: '№ 1 бөлім' }],
    thirdParties: ['«Жедел несие» ЖШС', 'бейтаныс адам, +7 700 000 00 00'],
  });
  const { number, accessCode } = response.json<{ number: string; accessCode: string }>();
  return { number, accessCode };
}

async function tellOutOfScope(site: ApiSite): Promise<string> {
  const number = await site.file(staff.alsoOfAlmaty);
  await command(await site.as('iss.ala'), number, 'screening-reason', {
    text: 'Өтініште дербес деректер туралы сөз жоқ: қызмет көрсету уақытына шағым. Обращение касается срока оказания услуги.',
  });
  await screen(site, number, 'outOfScope');
  await site.close(number, 'out-of-scope');
  return number;
}

async function tellInStudy(site: ApiSite): Promise<{ number: string; link: string }> {
  const { database, extracts, letters } = site.services;
  const officer = await site.as('iss.ala');
  const number = await site.file(staff.ofAlmaty, staff.alsoOfAlmaty, staff.ofAlmatyToo);
  await command(officer, number, 'extract-scope', {
    facts: ['Мекенжай мен отбасы құрамын қарау', 'Просмотр сведений о месте работы'],
    periodFrom: day(site, -40),
    periodTo: day(site, -1),
  });
  await screen(site, number, 'inScope');
  const { record, inspection } = await site.caseOf(number);
  const caseId = record._id;
  const asked: { requestId: string; link: string }[] = [];
  for (const line of [0, 1, 2])
    for (const kind of ['employeeExplanatoryNote', 'unitHeadExplanatoryNote', 'personalCharacteristic'])
      asked.push(await site.ask(number, kind, line));
  const certificate = await site.ask(number, 'hrSanctionsCertificate', 0);
  await hand(officer, number, asked[0]!.requestId, 'Кенжебаев С. Б. түсініктемесі 2026-11-19.txt');
  await hand(officer, number, asked[1]!.requestId, 'Объяснительная руководителя отдела № 1.txt');
  await hand(officer, number, certificate.requestId, 'справка-18-кд.txt', ['sanctionsPresent', 'true']);
  await hand(officer, number, null, 'Скриншот переписки, полученный от заявителя, с очень длинным названием файла.txt');
  await site.remind(asked[3]!.requestId);
  await command(officer, number, 'non-receipt-notes', {
    requestId: asked[4]!.requestId,
    reason: 'Бөлім басшысы 28 қарашаға дейін еңбек демалысында.',
  });
  await command(officer, number, 'non-receipts', {
    requestId: asked[5]!.requestId,
    reason: 'Работник уволен; характеристику дать некому.',
  });
  await command(officer, number, 'requests', {
    addresseeId: staff.headOfAla1,
    question: 'Қараша айындағы кезекшілік кестесі және № 4 терезенің бейнежазбасы.\nКто работал за окном № 4?',
  });
  for (const system of ['iisPsc', 'egovPortal'] as const) {
    const scope = {
      facts: [],
      subjects: [],
      from: new Date(`${day(site, -40)}T00:00:00Z`),
      to: new Date(`${day(site, 0)}T00:00:00Z`),
    };
    const open = () => database.transaction(step, (tx) => extracts.open(tx, { caseId, system, scope }));
    const { _id } = await open();
    await database.transaction(step, (tx) =>
      system === 'iisPsc'
        ? extracts.complete(tx, _id, { rows: 12_408, sha256: hash('d') })
        : extracts.fail(tx, _id, 'manifest-mismatch'),
    );
    if (system === 'egovPortal') await open();
  }
  const sent = await letters.ofCase(caseId);
  for (const [index, letter] of sent.entries()) {
    if (index % 5 === 4) await database.transaction(step, (tx) => letters.markFailed(tx, letter._id, 'EENVELOPE'));
    if (index % 5 < 3) await database.transaction(step, (tx) => letters.markSent(tx, letter._id));
    if (index === 3) for (const _ of [1, 2]) await letters.beginHandover(letter._id);
  }
  const revealedAt = new Date(site.services.clock.legalNow().getTime() - 60_000);
  await database.transaction(step, (tx) =>
    site.services.inspections.recordSigns(tx, caseId, { kinds: ['administrative'], revealedAt }, 'no'),
  );
  await command(officer, number, 'findings', {
    lineId: inspection.lines[0]!.lineId,
    transferConfirmed: true,
    reasoning:
      'Жүйе журналы 2026 жылғы 3 қарашада, сағат 14:07-де мекенжайдың өтінішсіз қаралғанын көрсетеді. Работник это подтвердил.',
  });
  await command(officer, number, 'findings', {
    lineId: inspection.lines[1]!.lineId,
    transferConfirmed: false,
    reasoning: 'Деректер қаралмаған.',
  });
  await command(officer, number, 'withdrawal', {});
  for (const rule of ['DL-INS-3', 'DL-INS-4'])
    await database.transaction(step, (tx) =>
      site.services.clocks.start(tx, {
        caseId,
        caseNumber: number,
        process: 'inspection',
        rule,
        startedAt: new Date(`${day(site, rule === 'DL-INS-3' ? -40 : 0)}T05:00:00Z`),
      }),
    );
  await reportOverdue(site, caseId);
  await doJobs(site, caseId);
  return { number, link: (await site.ask(number, 'hrSanctionsCertificate', 2)).link };
}

/** What the engine would have handed out on the way to the documents. */
async function doJobs(site: ApiSite, caseId: string): Promise<void> {
  const { database } = site.services;
  const jobs = createHandledJobs({ database });
  for (const [index, place] of [
    'inspection/ServiceTask_OpenCase',
    'inspection/ServiceTask_RecordScreening',
    'document-request/ServiceTask_RequestDocument',
    'document-request/ServiceTask_RequestDocument',
    'start-clock/ServiceTask_StartClock',
  ].entries()) {
    const [processId = '', elementId = ''] = place.split('/');
    const identity = { epoch: 'told', jobType: 'told', elementInstanceKey: String(index), caseId };
    await database.transaction(step, (tx) =>
      jobs.remember(tx, identity, { kind: 'completed', facts: {} }, { processId, elementId }),
    );
  }
}

async function tellConcluded(site: ApiSite): Promise<string> {
  const { database, inspections, clocks, trail } = site.services;
  const officer = await site.as('iss.ala');
  const registrar = await site.as('registrar');
  const response = await registrar.post('/api/inspections', {
    triggerKind: 'stateBodyApplication',
    channel: 'paper',
    sourceRefNo: 'ВХ-2026/4471',
    receivedAt: `${day(site, -45)}T05:00:00Z`,
    sender: { name: 'Прокуратура Алмалинского района города Алматы', bin: '990440000385' },
    language: 'ru',
    facts: ['Сведения о месте жительства гражданки А. переданы через мессенджер 3 октября.'],
    employees: [{ employeeId: staff.ofAlmaty }, { employeeId: staff.alsoOfAlmaty }],
  });
  const { number } = response.json<{ number: string }>();
  await command(officer, number, 'no-extract-reason', {
    text: 'Факты подтверждены перепиской; выгрузка ничего не добавит.',
  });
  await screen(site, number, 'inScope');
  const { record, inspection } = await site.caseOf(number);
  const caseId = record._id;
  const findings = inspection.lines.map(({ lineId }, index) => ({ lineId, transferConfirmed: index === 0 }));
  for (const finding of findings)
    await command(officer, number, 'findings', { ...finding, reasoning: 'Установлено по журналу и объяснениям.' });
  const { requestId } = await site.ask(number, 'employeeExplanatoryNote');
  await hand(officer, number, requestId, 'Объяснительная.txt');
  await command(officer, number, 'signs', {
    kinds: ['administrative', 'criminal'],
    revealedAt: `${day(site, -12)}T09:30:00Z`,
  });
  await reportOverdue(site, caseId);
  const [materials] = (await clocks.ofCase(caseId)).filter(({ rule }) => rule === 'DL-INS-1');
  await database.transaction(step, (tx) =>
    clocks.stop(tx, { clockId: materials!._id, stoppedAt: new Date(`${day(site, -11)}T09:30:00Z`) }),
  );
  await database.transaction(step, (tx) =>
    inspections.addConclusion(tx, caseId, {
      conclusionId: 'C1',
      number: 'CON-2026-000001',
      signedAt: tx.at,
      author: 'iss.ala',
      authorUnit: 'branch',
      branchCode: inspection.branchCode,
      findings,
      offenceSigns: ['administrative', 'criminal'],
      attachments: [{ documentId: 'D1', kind: 'employeeExplanatoryNote', sha256: hash('a') }],
      sha256: hash('b'),
      paper: { documentId: 'D2', sha256: hash('c') },
      supersededBy: null,
    }),
  );
  await command(await site.as('management.ala'), number, 'measures', {
    lineId: inspection.lines[0]!.lineId,
    kind: 'Тәртіптік іс жүргізу қозғалды, жұмыскер дербес деректермен жұмыстан шеттетілді',
    legalGround: 'ҚР Еңбек кодексінің 64-бабы',
    decidedOn: day(site, 0),
  });
  for (let entry = 0; entry < 230; entry += 1)
    await database.transaction(step, (tx) =>
      trail.record(tx, { caseId, type: 'materials.checked', data: { missing: entry % 7 } }),
    );
  await site.close(number, 'confirmed');
  return number;
}

async function tellVoided(site: ApiSite): Promise<string> {
  const { cases, clocks, database } = site.services;
  const number = await site.file(staff.ofAlmaty);
  await command(await site.as('management.ala'), number, 'void', { reason: 'Екі рет тіркелген; INS-2026-000003 бар.' });
  const { record } = await site.caseOf(number);
  await database.transaction(step, async (tx) => {
    await clocks.cancelOfCase(tx, record._id);
    await cases.void(tx, record._id);
  });
  return number;
}

/** A request for access of two users: sent back, one system decided. */
export async function tellAccess(site: ApiSite): Promise<ToldCases['filed']> {
  const { accessRequests, cases, database } = site.services;
  const rights = [
    { system: 'sir', function: 'record.view' },
    { system: 'pension', function: 'payment.export' },
  ];
  const users = [
    accessUser({ rights, cellPhone: undefined }),
    accessUser({ iin: '030110699567', surname: 'Кенжебаева', name: 'Гүлнара', workstationIp: undefined }),
  ];
  const response = await site.anybody.post(
    '/api/access-requests',
    accessRequest(day(site, -400), { users, copy: undefined }),
  );
  const { number, accessCode } = response.json<{ number: string; accessCode: string }>();
  const { _id: caseId } = (await cases.byNumber(number))!;
  await command(await site.as('ib.admin'), number, 'refusal-reasons', {
    system: 'pension',
    text: 'Бұйрық бір жылдан бұрын шыққан. Приказ старше одного года.',
  });
  await database.transaction({ kind: 'person', id: 'ib.admin' }, async (tx) => {
    await accessRequests.noteMissing(tx, caseId, ['copy', 'users.0.cellPhone', 'users.1.workstationIp']);
    await accessRequests.notePrecheck(tx, caseId, { check: 'noBasis', missingBasis: 'basisTooOld' });
    await accessRequests.decide(tx, caseId, { system: 'pension', granted: false, ground: 'basisTooOld' });
    await accessRequests.decide(tx, caseId, { system: 'sir', granted: true, ground: null });
    const [{ userId } = { userId: '' }] = (await accessRequests.get(caseId, tx)).users;
    await journalUser(site.services, tx, { caseId, userId, skudId: null, act: 'issued' });
  });
  await (
    await site.as('ib.admin')
  ).post('/api/access-violations', {
    ...{ kind: 'dataDistributed', employeeId: staff.ofAlmaty, login: 'u-7q3k9zx2m4' },
    facts: 'Азаматтың мекенжайы бөгде адамға жіберілген. Адрес гражданина отправлен постороннему лицу.',
  });
  return { number, accessCode };
}

/** A call of a user: fulfilled by a workaround with its defect linked, answered once, and told of again. */
export async function tellTechnical(site: ApiSite): Promise<string> {
  const { cases, database, technicalRequests } = site.services;
  const admin = await site.as('is.admin');
  const file = async (body: object): Promise<string> =>
    (await admin.post('/api/technical-requests', body)).json<{ number: string }>().number;
  const { reporter: _reporter, ...alarm } = technicalRequest({ source: 'monitoring' });
  const number = await file(phoneCall({ relatesTo: await file(alarm) }));
  const { _id: caseId } = (await cases.byNumber(number))!;
  await command(admin, number, 'defect', { reference: 'SIR-2041', scope: 'modernisation' });
  await command(admin, number, 'resolution', {
    text: 'Кіру резервтік мекенжаймен ашылды. Вход открыт по резервному адресу.',
  });
  await database.transaction({ kind: 'person', id: 'is.admin' }, async (tx) => {
    await technicalRequests.classify(tx, caseId, 'functioning', tx.at);
    await technicalRequests.fulfil(tx, caseId, 'workaround', tx.at);
    await technicalRequests.noteAnswer(tx, caseId, { letterId: null, at: tx.at });
    await technicalRequests.settleDefect(tx, caseId, 'handedOver', tx.at);
  });
  return number;
}

/** Records of upkeep of each kind: one failed and corrected, one overdue, and a roster with nobody on duty after tomorrow. */
export async function tellUpkeep(site: ApiSite, technicalRequest: string): Promise<void> {
  const admin = await site.as('is.admin');
  const add = async (changes: Partial<UpkeepBody>): Promise<string> => {
    const response = await admin.post('/api/upkeep-records', backup(changes));
    if (response.statusCode !== 201) throw new Error(`upkeep: ${response.statusCode} ${response.body}`);
    return response.json<{ number: string }>().number;
  };
  const result = undefined;
  await add({ kind: 'security-centre-connection', result, since: '2026-01-12', centre: '«Қорғау» жедел орталығы' });
  const wrong = await add({ kind: 'audit', remark: 'Есеп № 3 қабылданды. Отчёт № 3 принят.' });
  await add({ kind: 'audit', performedAt: ago(site.services, 9), sha256: hash('e'), corrects: wrong });
  await add({ performedAt: ago(site.services, 8), sha256: hash('f') });
  await add({ performedAt: ago(site.services, 1), system: 'pension' });
  await add({ kind: 'timeliness-control', result: 'failed', remark: 'Дерек көзі жауап бермеді. Источник не ответил.' });
  await add({ kind: 'recovery', technicalRequest });
  await add({ kind: 'change', technicalRequest, resolves: 'defect', scope: 'beyond-maintenance' });
  const employeeIds = [staff.ofAlmaty, 'SC-1077'];
  await add({ kind: 'duty-roster', result, from: day(site, -6), to: day(site, 1), employeeIds });
}

async function reportOverdue(site: ApiSite, caseId: string): Promise<void> {
  const { clocks, database } = site.services;
  for (const { _id } of await clocks.ofCase(caseId))
    await database.transaction(step, (tx) => clocks.report(tx, { clockId: _id, kind: 'warn', by: 'watchdog' }));
}

async function screen(site: ApiSite, number: string, result: 'inScope' | 'outOfScope'): Promise<void> {
  const { record, inspection } = await site.caseOf(number);
  const { inspectingUnit, branchCode } = inspection;
  await site.services.database.transaction({ kind: 'person', id: 'iss.ala' }, (tx) =>
    site.services.inspections.screen(tx, record._id, { result, inspectingUnit, branchCode }),
  );
}

async function command(by: Caller, number: string, name: string, body: unknown): Promise<void> {
  const response = await by.post(`/api/cases/${number}/${name}`, body);
  if (response.statusCode !== 200) throw new Error(`${name} of ${number}: ${response.statusCode} ${response.body}`);
}

async function hand(
  by: Caller,
  number: string,
  requestId: string | null,
  name: string,
  ...fields: (readonly [string, string])[]
): Promise<void> {
  const response = await by.upload(`/api/cases/${number}/documents`, [
    ...(requestId ? [['requestId', requestId] as const] : []),
    ...fields,
    ['file', { name, type: 'text/plain', content: `${name}\n` }],
  ]);
  if (response.statusCode !== 201) throw new Error(`upload to ${number}: ${response.statusCode} ${response.body}`);
}

/** The day some days from now, `YYYY-MM-DD`. */
function day(site: ApiSite, days: number): string {
  return new Date(site.services.clock.legalNow().getTime() + days * 24 * 3_600_000).toISOString().slice(0, 10);
}
