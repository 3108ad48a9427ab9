import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import type { Services } from '../../core/services.js';
import type { SubjectKeyRecord } from '../../core/vault.js';
import { staff } from '../builders/inspection.js';
import { tellAccess, tellCases, tellTechnical } from '../builders/told-cases.js';
import { ApiSite } from '../helpers/api-site.js';
import { scanForPlaintext } from '../helpers/canary.js';
import { readable } from '../helpers/readable.js';
import { sealedValues, type SealedValue } from '../helpers/sealed-values.js';

/**
 * Erasure of everybody whom the told cases know. The canaries are all values that are sealed: whatever is personal is sealed, so that a field
 * that comes new is looked for as soon as a case fills it, with no list to be kept. A shorter text would be found by chance.
 */

let site: ApiSite;
let services: Services;
let values: SealedValue[];
const textOf = ({ text }: SealedValue): string => (/^"[^"]*"$/.test(text) ? (JSON.parse(text) as string) : text);
/** As `readable` sees it. */
const asJson = (text: string): string => JSON.stringify(text).slice(1, -1);

beforeAll(async () => {
  site = await ApiSite.start();
  ({ services } = site);
  await tellCases(site);
  const access = await tellAccess(site);
  await tellTechnical(site);
  const command = async (who: string, number: string, name: string, body: object): Promise<void> => {
    const answer = await (await site.as(who)).post(`/api/cases/${number}/${name}`, body);
    expect([name, answer.statusCode]).toEqual([name, 200]);
  };
  await command('ib.admin', access.number, 'legal-exception', { text: 'ҚР Әлеуметтік кодексінің 12-бабы' });
  await command('ib.admin', access.number, 'review-note', { text: 'Қызметкердің жұмыс істейтіні расталды.' });
  const number = await site.file(staff.ofAlmaty);
  const [line] = (await site.caseOf(number)).inspection.lines;
  await command('iss.ala', number, 'request-facts', {
    ...{ lineId: line!.lineId, facts: ['Поиск по адресу 3 июня'] },
    headFacts: ['Кто дежурил 3 июня в отделе'],
  });
  const connected = {
    ...{ kind: 'security-centre-connection', system: 'sir', since: '2026-01-30', centre: '«Қорғау» жедел орталығы' },
    ...{ performedAt: '2026-01-30T12:00:00+05:00', remark: 'Шартты Ахметова жасасты.' },
  };
  expect((await (await site.as('is.admin')).post('/api/upkeep-records', connected)).statusCode).toBe(201);
  values = await sealedValues(services);
}, 300_000);
afterAll(() => site.stop());

/** What only one subject's key opens, and no text of another holds: by subject. */
function ownTexts(): Map<string, string[]> {
  const own = new Map<string, Set<string>>();
  for (const value of values) {
    const text = textOf(value);
    // Of a letter's data, what is personal is sealed by itself as well.
    if ([...text].length < 6 || text.startsWith('{')) continue;
    const others = values.some(
      (other) => other.subjectId !== value.subjectId && !other.text.startsWith('{') && other.text.includes(text),
    );
    if (!others) own.set(value.subjectId, (own.get(value.subjectId) ?? new Set()).add(text));
  }
  return new Map([...own].map(([subjectId, texts]) => [subjectId, [...texts]]));
}

test('the told cases fill every field that the sources call sealed', () => {
  const sealed = readdirSync(inProject('core'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [
      ...readFileSync(inProject('core', file), 'utf8').matchAll(
        /\/\*\*\s*(?:\*\s*)?Sealed(?:(?!\*\/)[\s\S])*\*\/\s*(\w+)\??:/g,
      ),
    ])
    .flatMap(([, name]) => name ?? []);
  expect(sealed.length).toBeGreaterThan(15);
  const filled = new Set(values.flatMap(({ place }) => place.split('.')));
  expect([...new Set(sealed)].filter((name) => !filled.has(name))).toEqual([]);
});

test('none of it lies readable anywhere in the two databases', async () => {
  const texts = [...new Set(values.map(textOf))].filter((text) => [...text].length >= 6 && !text.startsWith('{'));
  expect(texts.length).toBeGreaterThan(300);
  expect(await scanForPlaintext(services.database, texts)).toEqual([]);
}, 120_000);

test('who is erased can be read nowhere, with the keys of all the others', async () => {
  const keys = services.database.connection.collection<SubjectKeyRecord>('subject-keys');
  const concerned = new Set(
    values.filter(({ place }) => !place.startsWith('employees.')).map((each) => each.subjectId),
  );
  const known = await keys.find({ _id: { $in: [...concerned] } }).toArray();
  expect(new Set(known.map(({ kind }) => kind))).toEqual(new Set(['case', 'employee', 'organisation', 'person']));
  const own = ownTexts();
  const all = [...concerned].flatMap((subjectId) => own.get(subjectId) ?? []);
  // The control: before, each of them is found.
  const before = await readable(services, all.map(asJson));
  expect(all.map(asJson).filter((text) => !before.some((found) => found.startsWith(`${text} in `)))).toEqual([]);
  const gone: string[] = [];
  for (const [index, { _id }] of known.entries()) {
    const why = { ground: `DPO-2026-${100 + index}`, openToo: true };
    await services.erasures.erase({ kind: 'person', id: 'dpo' }, _id, why);
    gone.push(...(own.get(_id) ?? []));
    const needles = gone.map(asJson);
    // One after the other: what one leaves is not hidden by the erasure of another.
    if (index % 6 === 0 || index === known.length - 1) expect(await readable(services, needles)).toEqual([]);
  }
  expect(gone.length).toBeGreaterThan(60);
  expect(await scanForPlaintext(services.database, gone)).toEqual([]);
}, 300_000);

test('and no key of theirs is left that opens anything', async () => {
  const erased = await services.database.connection
    .collection<SubjectKeyRecord>('subject-keys')
    .find({ erasedAt: { $ne: null } })
    .toArray();
  const gone = new Set(erased.map(({ _id }) => _id));
  for (const { sealed, subjectId } of values)
    if (gone.has(subjectId)) expect(await services.vault.reveal(sealed)).toBeNull();
});
