import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newId } from '../../core/ids.js';
import { createLeases, type Lease, type Leases } from '../../core/leases.js';
import { openTestDatabase, type TestDatabase } from '../helpers/database.js';

let database: TestDatabase;
let leases: Leases;

beforeAll(async () => {
  database = await openTestDatabase();
  leases = createLeases({ database });
  await leases.init();
});
afterAll(() => database.drop());

const hour = 3_600_000;
/** Lets a lease run out, as the server sees it. */
const runOut = (name: string) =>
  database.connection
    .collection<{ _id: string }>('leases')
    .updateOne({ _id: name }, [{ $set: { until: { $subtract: ['$$NOW', 1] } } }]);

test('one of fifty who ask at the same time gets it', async () => {
  const name = newId();
  const owners = Array.from({ length: 50 }, (_, index) => `relay-${index}`);
  const answers = await Promise.all(owners.map((owner) => leases.acquire(name, owner, hour)));
  const got = answers.filter((lease): lease is Lease => lease !== null);
  expect(got).toHaveLength(1);
  expect(got[0]).toMatchObject({ name, term: 1 });
  expect(await leases.holder(name)).toEqual(got[0]);
});

test('it lasts as long as was asked for, from now on', async () => {
  const name = newId();
  const before = performance.timeOrigin + performance.now();
  const lease = await leases.acquire(name, 'one', hour);
  expect(lease!.until.getTime() - before).toBeGreaterThan(hour - 2000);
  expect(lease!.until.getTime() - before).toBeLessThan(hour + 2000);
});

describe('while one holds it', () => {
  test('another one does not get it, and takes nothing from the first', async () => {
    const name = newId();
    const first = await leases.acquire(name, 'one', hour);
    expect(await leases.acquire(name, 'two', 10 * hour)).toBeNull();
    expect(await leases.hold(name, 'two', 10 * hour)).toBe(false);
    expect(await leases.renew(name, 'two', hour)).toBeNull();
    await leases.release(name, 'two');
    expect(await leases.holder(name)).toEqual(first);
  });

  test('its owner may take it again and renew it, in the same term', async () => {
    const name = newId();
    const first = await leases.acquire(name, 'one', 1000);
    const again = await leases.acquire(name, 'one', hour);
    const renewed = await leases.renew(name, 'one', 2 * hour);
    expect(await leases.hold(name, 'one', 2 * hour)).toBe(true);
    expect([first!.term, again!.term, renewed!.term]).toEqual([1, 1, 1]);
    expect(renewed!.until.getTime()).toBeGreaterThan(again!.until.getTime());
  });

  test('another lease is free', async () => {
    await leases.acquire(newId(), 'one', hour);
    expect(await leases.acquire(newId(), 'two', hour)).not.toBeNull();
  });
});

describe('after it ran out', () => {
  test('another one gets it in a new term, and the first can neither renew nor release it', async () => {
    const name = newId();
    await leases.acquire(name, 'one', hour);
    await runOut(name);
    expect(await leases.holder(name)).toBeNull();
    expect(await leases.acquire(name, 'two', hour)).toMatchObject({ owner: 'two', term: 2 });
    expect(await leases.renew(name, 'one', hour)).toBeNull();
    await leases.release(name, 'one');
    expect(await leases.holder(name)).toMatchObject({ owner: 'two' });
  });

  test('its owner cannot renew it, but may acquire it again', async () => {
    const name = newId();
    await leases.acquire(name, 'one', hour);
    await runOut(name);
    expect(await leases.renew(name, 'one', hour)).toBeNull();
    expect(await leases.acquire(name, 'one', hour)).toMatchObject({ owner: 'one', term: 1 });
  });

  test('one of fifty who wait for it gets it', async () => {
    const name = newId();
    await leases.acquire(name, 'former', hour);
    await runOut(name);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => leases.acquire(name, `relay-${index}`, hour)),
    );
    expect(answers.filter((lease) => lease !== null)).toHaveLength(1);
    expect(await leases.holder(name)).toMatchObject({ term: 2 });
  });

  test('it runs out by itself', async () => {
    const name = newId();
    await leases.acquire(name, 'one', 150);
    expect(await leases.acquire(name, 'two', hour)).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await leases.acquire(name, 'two', hour)).toMatchObject({ owner: 'two' });
  });
});

test('a released lease is free at once, and its terms go on', async () => {
  const name = newId();
  await leases.acquire(name, 'one', hour);
  await leases.release(name, 'one');
  expect(await leases.holder(name)).toBeNull();
  expect(await leases.acquire(name, 'two', hour)).toMatchObject({ owner: 'two', term: 2 });
});

test('a clock of the process that is far off changes nothing', async () => {
  const name = newId();
  const skewed = createLeases({
    database: { ...database, clock: { ...database.clock, wallNow: () => new Date('2040-01-01T00:00:00Z') } },
  });
  await leases.acquire(name, 'one', hour);
  expect(await skewed.acquire(name, 'two', hour)).toBeNull();
  expect((await skewed.acquire(newId(), 'two', hour))!.until.getFullYear()).toBeLessThan(2040);
});

test('names and owners that look like expressions are only names', async () => {
  const name = '$$NOW';
  expect(await leases.acquire(name, '$owner', hour)).toMatchObject({ name, owner: '$owner' });
  expect(await leases.acquire(name, '$term', hour)).toBeNull();
});

test.each([0, -1, Number.NaN])('a lease of %d ms is refused', async (ttlMs) => {
  await expect(leases.acquire(newId(), 'one', ttlMs)).rejects.toThrow('has to last longer than 0 ms');
});
