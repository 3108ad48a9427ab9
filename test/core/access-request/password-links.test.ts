import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPasswordLinks, type PasswordLinks } from '../../../core/access-request/password-links.js';
import { temporaryPassword } from '../../../core/access-request/temporary-password.js';
import { writeClockOffset } from '../../../core/clock.js';
import { openDatabase, type Database } from '../../../core/database.js';
import { newId } from '../../../core/ids.js';
import { createTrail, type Trail } from '../../../core/trail.js';
import { somebody, testMongodbUri } from '../../helpers/database.js';

let database: Database;
let trail: Trail;
let links: PasswordLinks;

beforeAll(async () => {
  const name = `test_${newId()}`;
  const mongo = { uri: testMongodbUri(), database: name, trailDatabase: `${name}_trail` };
  database = await openDatabase({ mongo, clock: { travel: true } });
  trail = createTrail({ database });
  links = createPasswordLinks({ database, trail });
  await trail.init();
  await links.init();
});
afterAll(async () => {
  await database.connection.dropDatabase();
  await database.trail.dropDatabase();
  await database.close();
});

const publicUrl = 'https://merzim.example/';
async function made(given: { accountId?: string; hours?: number; password?: null } = {}) {
  const asked = { caseId: newId(), accountId: newId(), password: temporaryPassword(), publicUrl, hours: 24, ...given };
  const link = await database.transaction(somebody, (tx) => links.make(tx, asked));
  return { ...asked, ...link, token: link.link.slice('https://merzim.example/password/'.length) };
}
const actsOf = async (caseId: string) => (await trail.list(caseId)).map(({ type, subject }) => [type, subject]);
const stored = () => database.connection.collection('password-links').find().toArray();

test('of a thousand who open it at the same time exactly one gets the password, once recorded', async () => {
  const { token, password, caseId, accountId, linkId } = await made();
  const shown = await Promise.all(Array.from({ length: 1000 }, () => links.reveal(token)));
  expect(shown.filter((answer) => answer !== null)).toEqual([{ password, accountId, caseId, linkId }]);
  expect(await actsOf(caseId)).toEqual([
    ['password-link.made', linkId],
    ['password.revealed', linkId],
  ]);
  expect(await links.look(token)).toMatchObject({ state: 'revealed', revealedAt: expect.any(Date) });
});

test('looking burns nothing', async () => {
  const { token, password, endsAt, linkId } = await made();
  for (let times = 0; times < 5; times += 1)
    expect(await links.look(token)).toEqual({ state: 'ready', linkId, endsAt });
  expect(await links.reveal(token)).toMatchObject({ password });
});

test('what is stored holds neither the password nor the token, and nothing at all once it was shown', async () => {
  const { token, password, linkId } = await made();
  const before = JSON.stringify(await stored());
  expect(before).not.toContain(password);
  expect(before).not.toContain(token);
  const other = (await made()).token;
  // The sealed value of one link does not open by the token of another: here the document is changed to hold the other's hash.
  const collection = database.connection.collection<{ _id: string; tokenHash: string }>('password-links');
  const newest = await collection.findOneAndDelete({}, { sort: { _id: -1 } });
  await collection.updateOne({ _id: linkId }, { $set: { tokenHash: newest!.tokenHash } });
  await expect(links.reveal(other)).rejects.toThrow(/was altered/);
});

test('of a password that goes by mail it holds nothing, and records once that the rules are acknowledged', async () => {
  const { token, caseId, accountId, linkId } = await made({ password: null });
  expect(await links.look(token)).toMatchObject({ state: 'ready', rulesOnly: true });
  const answers = [await links.reveal(token), await links.reveal(token)];
  expect(answers).toEqual([{ password: null, accountId, caseId, linkId }, null]);
  expect((await actsOf(caseId)).at(-1)).toEqual(['rules.acknowledged', linkId]);
});

test('a token that was never given shows nothing', async () => {
  await made();
  expect(await links.look('NEVER')).toBeNull();
  expect(await links.reveal('NEVER')).toBeNull();
});

test('a new link of an account ends the one before, and no other', async () => {
  const accountId = newId();
  const first = await made({ accountId });
  const else_ = await made();
  const second = await made({ accountId });
  expect(await links.reveal(first.token)).toBeNull();
  expect(await links.look(first.token)).toEqual({ state: 'ended', linkId: first.linkId });
  expect(await actsOf(first.caseId)).toContainEqual(['password-link.withdrawn', first.linkId]);
  expect(await links.latestOf(accountId)).toMatchObject({ state: 'ready', linkId: second.linkId });
  expect(await links.reveal(second.token)).toMatchObject({ password: second.password });
  expect(await links.look(else_.token)).toMatchObject({ state: 'ready' });
});

test('withdrawn, it holds nothing and shows nothing', async () => {
  const { token, accountId, linkId } = await made();
  expect(await database.transaction(somebody, (tx) => links.withdraw(tx, accountId))).toBe(1);
  expect(await database.transaction(somebody, (tx) => links.withdraw(tx, accountId))).toBe(0);
  expect(await links.reveal(token)).toBeNull();
  expect((await stored()).find(({ _id }) => String(_id) === linkId)).toMatchObject({ sealed: null });
});

test('it is good to the last millisecond of its hours of legal time, and no longer', async () => {
  const { token, password, endsAt } = await made({ hours: 24 });
  await writeClockOffset(database.connection, 24 * 3600_000 - 60_000);
  await database.clock.refresh();
  expect(await links.look(token)).toMatchObject({ state: 'ready' });
  await writeClockOffset(database.connection, 24 * 3600_000);
  await database.clock.refresh();
  expect(database.clock.legalNow() >= endsAt).toBe(true);
  expect(await links.look(token)).toMatchObject({ state: 'ended' });
  expect(await links.reveal(token)).toBeNull();
  await writeClockOffset(database.connection, 0);
  await database.clock.refresh();
  expect(await links.reveal(token)).toMatchObject({ password });
});

test('what fails after the burning burns nothing: it can be shown then', async () => {
  const { token, password, caseId } = await made();
  const broken = createPasswordLinks({
    database,
    trail: { ...trail, record: () => Promise.reject(new Error('the trail is away')) },
  });
  await expect(broken.reveal(token)).rejects.toThrow('the trail is away');
  expect(await links.reveal(token)).toMatchObject({ password });
  expect((await actsOf(caseId)).filter(([type]) => type === 'password.revealed')).toHaveLength(1);
});
