import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApiSite, type Caller, type SeenProblem } from '../helpers/api-site.js';
import { somebody } from '../helpers/database.js';

let site: ApiSite;
let officer: Caller;

beforeAll(async () => {
  site = await ApiSite.start();
  officer = await site.as('iss.ala');
});
afterAll(() => site.stop());

const send = (by: Caller, number: string, name: string, body: unknown) => by.post(`/api/cases/${number}/${name}`, body);
const lines = async (number: string) =>
  (await site.services.vault.reveal((await site.caseOf(number)).inspection)).lines;

describe('facts that notes have to explain', () => {
  test('are worded for the employee and for the head of his unit, and kept sealed', async () => {
    const number = await site.file('SC-1018');
    const [{ lineId } = { lineId: '' }] = await lines(number);
    const body = { lineId, facts: ['Поиск по адресу'], headFacts: ['Доступ отдела'] };
    expect((await send(officer, number, 'request-facts', body)).statusCode).toBe(200);
    expect(await lines(number)).toMatchObject([
      { requestFacts: { employee: ['Поиск по адресу'], unitHead: ['Доступ отдела'] } },
    ]);
    expect(JSON.stringify(await site.caseOf(number))).not.toContain('Поиск по адресу');
    expect(await site.actsOf(number)).toContain('request-facts.worded');
  });

  test('can be worded together with an employee who is added', async () => {
    const number = await site.file('SC-1018');
    const body = { employeeId: 'SC-1020', facts: ['Выгрузка списка'] };
    expect((await send(officer, number, 'employees', body)).statusCode).toBe(200);
    expect(await lines(number)).toMatchObject([
      { requestFacts: null },
      { requestFacts: { employee: ['Выгрузка списка'], unitHead: [] } },
    ]);
  });

  test('are not worded once the letters are out', async () => {
    const number = await site.file('SC-1018');
    const { record, inspection } = await site.caseOf(number);
    const { lineId } = inspection.lines[0]!;
    const kind = 'hrSanctionsCertificate';
    const ask = { caseId: record._id, caseNumber: number, kind, lineId, publicUrl: 'http://127.0.0.1:1' };
    await site.services.database.transaction(somebody, (tx) =>
      site.services.documents.request(tx, { ...ask, languages: ['ru'] }),
    );
    const response = await send(officer, number, 'request-facts', { lineId, facts: ['Поздний факт'] });
    expect(response.statusCode).toBe(422);
    expect(response.json<SeenProblem>().errors).toMatchObject([{ field: 'lineId', code: 'already-asked' }]);
    expect(await lines(number)).toMatchObject([{ requestFacts: null }]);
  });

  test("are none of another unit's business", async () => {
    const number = await site.file('SC-1018');
    const [{ lineId } = { lineId: '' }] = await lines(number);
    const stranger = await site.as('iss.shy');
    expect((await send(stranger, number, 'request-facts', { lineId, facts: ['Чужой факт'] })).statusCode).toBe(404);
    expect(await lines(number)).toMatchObject([{ requestFacts: null }]);
  });
});
