import type { FastifyRequest } from 'fastify';
import type {} from './plugins/sign-in.js';

/**
 * Who is counted: people by their login and machines by their client, wherever they come from, so that an office behind one address is many
 * callers; anybody else by his address.
 */
export function callerOf({ person, ip }: Pick<FastifyRequest, 'person' | 'ip'>): string {
  return person ? `login:${person.login}` : `address:${ip}`;
}

/** How often one caller may try a number and a code in a minute, on the page and by the API each. */
export const triesPerMinute = 20;

/** How often one caller may fetch calendar feeds in a minute: calendars ask a few times an hour, whole offices from one address. */
export const feedReadsPerMinute = 120;

/** How many bad access tokens one address may send in a minute before it is told that these are too many. */
export const badTokensPerMinute = 60;
