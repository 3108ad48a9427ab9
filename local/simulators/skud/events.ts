import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Account } from './accounts.js';
import { sleep } from '../http.js';

export interface EventSettings {
  /** Where events are pushed to; without it nobody is told. */
  url: string | undefined;
  /** Shared with the receiver: signs the tokens (HS256). */
  secret: string;
  issuer: string;
  audience: string;
}

export type EventKind = 'signed-in' | 'password-changed';
const eventUri = 'urn:merzim:params:skud:event:';
const tries = 6;

/** Tells a receiver what happened, as Security Event Tokens (RFC 8417) pushed over HTTP (RFC 8935). Each is tried until it is accepted. */
export class Events {
  private last: Promise<unknown> = Promise.resolve();
  readonly sent: { eventId: string; kind: EventKind; status: number }[] = [];

  constructor(private readonly settings: EventSettings) {}

  /** Later ones wait for earlier ones, so that they come in order. */
  push(kind: EventKind, account: Account, at: string): void {
    this.last = this.last.then(() => this.deliver(kind, account, at)).catch(() => undefined);
  }

  private async deliver(kind: EventKind, account: Account, at: string): Promise<void> {
    const { url } = this.settings;
    if (!url) return;
    const eventId = randomUUID();
    const token = await eventToken(this.settings, { eventId, kind, skudId: account.id, at });
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const headers = { 'content-type': 'application/secevent+jwt', accept: 'application/json' };
      const status = await fetch(url, { method: 'POST', headers, body: token }).then(
        async (answer) => {
          await answer.arrayBuffer();
          return answer.status;
        },
        () => 0,
      );
      this.sent.push({ eventId, kind, status });
      if (status === 202 || status === 400) return;
      await sleep(100 * 2 ** attempt);
    }
  }
}

/** A token of one event, with its number, its moment and whose account it is about. */
export function eventToken(
  { secret, issuer, audience }: Pick<EventSettings, 'secret' | 'issuer' | 'audience'>,
  { eventId, kind, skudId, at }: { eventId: string; kind: EventKind; skudId: string; at: string },
): Promise<string> {
  const seconds = Math.floor(new Date(at).getTime() / 1000);
  return new SignJWT({
    events: { [`${eventUri}${kind}`]: { at } },
    sub_id: { format: 'opaque', id: skudId },
    toe: seconds,
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'secevent+jwt' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setJti(eventId)
    .setIssuedAt(seconds)
    .sign(new TextEncoder().encode(secret));
}
