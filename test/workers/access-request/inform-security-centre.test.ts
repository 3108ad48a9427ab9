import { expect, test } from '@jest/globals';
import type { Violation } from '../../../core/access-request/violations.js';
import { blockViolator } from '../../../workers/access-request/block-violator.js';
import { informSecurityCentre } from '../../../workers/access-request/inform-security-centre.js';
import { accessUser } from '../../builders/access-request.js';
import { providedRequest } from '../../builders/provided-account.js';
import { type ApiSite, type Caller } from '../../helpers/api-site.js';
import { somebody } from '../../helpers/database.js';
import { onSkud } from '../../helpers/on-skud.js';
import { WorkerSite } from '../../helpers/worker-site.js';

/** TECH-37, R28: the operational centre of information security is written to about a confirmed violation. */

let site: ApiSite;
let workers: WorkerSite;
let admin: Caller;
onSkud(async (given) => {
  ({ site, workers } = given);
  admin = await site.as('ib.admin2');
});

const facts = 'Бір логинмен екі жұмыс орнынан қатар кірген: канарейка-QzXv9.';

/** A violation that has blocked the account of a user of `sir`. */
async function aViolation(): Promise<Violation & { clearLogin: string; userId: string }> {
  const { userId } = await providedRequest(site, workers, {
    users: [accessUser({ email: 'asem@employment.example' })],
  });
  const { accounts, database, vault } = site.services;
  const clearLogin = (await vault.reveal(await accounts.find(userId)))!.login!;
  const body = { kind: 'sharedLogin', login: clearLogin, facts };
  const { number } = (await admin.post('/api/access-violations', body)).json<{ number: string }>();
  const violation = await database.connection.collection<Violation>('access-violations').findOne({ number });
  await workers.deliver(blockViolator, { violationId: violation!._id });
  return { ...violation!, clearLogin, userId };
}
const inform = ({ _id: violationId }: Violation, by = workers) => by.deliver(informSecurityCentre, { violationId });
const chain = ({ _id }: Violation) => `violation.${_id}`;
const informed = async (violation: Violation) =>
  (await workers.acts(chain(violation))).filter((act) => /centre|letter/.test(act));

test('the centre gets one letter however often the job runs: number, kind, moment and systems, and nothing of a person', async () => {
  const violation = await aViolation();
  for (let times = 0; times < 2; times += 1) await inform(violation);
  const { letters, organisation, vault } = site.services;
  const [letter, second] = await letters.ofCase(chain(violation));
  expect([letter!.languages, second]).toEqual([['kk', 'ru'], undefined]);
  expect(await vault.open(letter!.recipient.email)).toBe(organisation.securityCentre!.email);
  const { subject, text } = await letters.open(letter!._id);
  expect(subject).toContain(violation.number);
  const { name } = organisation.access.systems.find(({ code }) => code === 'sir')!;
  for (const word of [violation.number, name.kk, name.ru, '(sir)', 'Заблокировано учётных записей: 1'])
    expect(text).toContain(word);
  for (const hidden of [violation.clearLogin, 'канарейка', 'asem@', '(pension)']) expect(text).not.toContain(hidden);
  expect(await informed(violation)).toEqual(['letter.composed', 'violation.centre-informed']);
  expect((await site.services.violations.get(violation._id)).centreInformedAt).toBeInstanceOf(Date);
});

test('an account that a repeated application opened meanwhile is not counted', async () => {
  const violation = await aViolation();
  const users = [accessUser({ login: violation.clearLogin })];
  await providedRequest(site, workers, { kind: 'repeat', repeatReason: 'blockedViolation', users });
  await inform(violation);
  const [letter] = await site.services.letters.ofCase(chain(violation));
  const { text } = await site.services.letters.open(letter!._id);
  expect([text.includes('Заблокировано учётных записей: 0'), text.includes('(sir)')]).toEqual([true, false]);
});

test('where the organisation names no centre nobody is written to', async () => {
  const { securityCentre: _none, ...organisation } = site.services.organisation;
  const violation = await aViolation();
  await inform(violation, WorkerSite.of({ ...site.services, organisation }));
  expect(await informed(violation)).toEqual([]);
  const { centreInformedAt } = await site.services.violations.get(violation._id);
  expect(centreInformedAt).toBeUndefined();
});

test('who reads violations sees on the page that the centre was written to, and that its server refused the letter', async () => {
  const violation = await aViolation();
  const shown = async () => {
    const { body } = await (await site.as('auditor')).page('/access-violations?lang=en');
    const row = body.split('<tr').find((each) => each.includes(violation.number))!;
    return /Operational security centre:.*?class="badge[^>]*>([^<]+)</s.exec(row)?.[1] ?? null;
  };
  expect(await shown()).toBeNull();
  await inform(violation);
  expect(await shown()).toBe('being sent');
  const { database, letters } = site.services;
  const [letter] = await letters.ofCase(chain(violation));
  await database.transaction(somebody, (tx) => letters.markFailed(tx, letter!._id, '550'));
  expect(await shown()).toBe('not delivered');
  expect((await workers.acts(chain(violation))).at(-1)).toBe('letter.failed');
});
