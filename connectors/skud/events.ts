import { jwtVerify } from 'jose';
import { z } from 'zod';
import type { SkudEvent } from '../../core/access-request/skud-account.js';

/** How a Security Event Token is known to be SKUD's, and meant for us. */
export interface EventSettings {
  /** Shared with SKUD: signs the tokens (HS256). */
  secret: string;
  /** `iss`: SKUD_URL. */
  issuer: string;
  /** `aud`: PUBLIC_URL. */
  audience: string;
}

/** Why an event was not taken: a code of RFC 8935, section 2.4. */
export class EventRefused extends Error {
  override readonly name = 'EventRefused';
  constructor(readonly code: 'invalid_request' | 'authentication_failed') {
    super(code);
  }
}

const uri = 'urn:merzim:params:skud:event:';
const content = z.object({ at: z.iso.datetime({ offset: true }) });
const claims = z.object({
  jti: z.string().min(1).max(128),
  sub_id: z.object({ format: z.literal('opaque'), id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/) }),
  events: z.record(z.string(), z.unknown()),
});

/**
 * Reads a Security Event Token (RFC 8417) of SKUD's as it was pushed (RFC 8935): the events in it, none where it holds but kinds that we have no use
 * for. @throws EventRefused, also of a kind that we know with a content that we don't: what is not understood is not taken.
 */
export async function readSkudEvents(token: string, { secret, issuer, audience }: EventSettings): Promise<SkudEvent[]> {
  const key = new TextEncoder().encode(secret);
  const verified = await jwtVerify(token, key, {
    ...{ algorithms: ['HS256'], typ: 'secevent+jwt', issuer, audience },
    // An event may be about a moment that the wall clock has not reached, or be years late: nothing of it depends on when it comes.
    clockTolerance: Number.MAX_SAFE_INTEGER,
  }).catch(() => {
    throw new EventRefused('authentication_failed');
  });
  const read = claims.safeParse(verified.payload);
  if (!read.success) throw new EventRefused('invalid_request');
  const { jti: eventId, sub_id: subject, events } = read.data;
  return (['password-changed', 'signed-in'] as const).flatMap((kind) => {
    const told = events[`${uri}${kind}`];
    if (told === undefined) return [];
    const found = content.safeParse(told);
    if (!found.success) throw new EventRefused('invalid_request');
    return [{ eventId, kind, skudId: subject.id, at: new Date(found.data.at) }];
  });
}
