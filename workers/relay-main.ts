import { randomUUID } from 'node:crypto';
import { composeServices } from '../core/compose.js';
import { createLeases, type Leases } from '../core/leases.js';
import { errorFields } from '../core/log.js';
import type { Services } from '../core/services.js';
import { createEngine } from './engine.js';
import { startHeartbeat } from './heartbeat.js';
import { createNotices } from './notices.js';
import { databaseCheck, runProcess } from './process.js';
import { mailLine, noticeLine } from './relay-lines.js';
import { createRelay, messageLine } from './relay.js';
import { takeSlot } from './slot.js';

/** Carries the outbox out: messages to the engine, letters to the mail server. Several may run. */
await runProcess('relay', async ({ settings, metrics }) => {
  const services = await composeServices(settings, 'relay');
  const { database, outbox, clock, log } = services;
  const leases = createLeases({ database });
  await leases.init();
  const slot = await takeSlot({ leases, name: 'relay', log });
  // What a relay that was killed had taken is taken over at once.
  await outbox.release(slot.owner());
  // The relay tries again by itself, with the entry's own back-off.
  const engine = createEngine(settings, { retries: 0 });
  const lines = [messageLine(engine), mailLine(services), noticeLine(services)];
  const relay = createRelay({ outbox, clock, log, metrics, owner: slot.owner, lines });
  relay.start();
  const notices = createNotices({ services, engine, leases, metrics, owner: randomUUID() });
  notices.start();
  const takingOver = setInterval(() => {
    releaseOfTheDead(leases, outbox, slot.owner()).catch((error: unknown) =>
      log.warn(errorFields(error), 'what killed relays had taken could not be looked for; trying again'),
    );
  }, 3_000);
  const heartbeat = await startHeartbeat({ database, log, component: 'relay', ageMs: () => relay.ageMs() });
  return {
    checks: {
      database: databaseCheck(database),
      outbox: () => (relay.ageMs() > 60_000 ? 'was not looked into for a minute' : null),
    },
    stop: async () => {
      clearInterval(takingOver);
      await notices.stop();
      await relay.stop();
      await heartbeat.stop();
      await slot.giveBack();
      await engine.close();
      await database.close();
    },
  };
});

/** One that was killed and whose place nobody has taken since would hold its entries until their lease ran out. */
async function releaseOfTheDead(leases: Leases, outbox: Services['outbox'], own: string): Promise<void> {
  for (const owner of await outbox.owners())
    if (owner !== own && !(await leases.holder(owner))) await outbox.release(owner);
}
