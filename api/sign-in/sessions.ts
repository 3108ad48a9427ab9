import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import { ensureCollection } from '../../core/collections.js';
import type { Database } from '../../core/database.js';
import type { SeenPerson } from '../../core/people.js';

/** A sign-in ends after this time without a request, in milliseconds of wall time. */
export const idleMs = 30 * 60_000;
/** A sign-in ends after this time whatever happens, in milliseconds of wall time. */
export const absoluteMs = 8 * 60 * 60_000;

/** Who is signed in, as the identity provider told it at the sign-in. */
export interface SignedIn extends SeenPerson {
  roles: string[];
  /** Full name for the head of pages. */
  name?: string;
}

interface StoredSession {
  /** SHA-256 of the token: what the database holds opens no session. */
  _id: string;
  login: string;
  employeeId: string | null;
  roles: string[];
  /** Name, encrypted with a key made from the token: only the browser can open it. */
  sealedName: string | null;
  createdAt: Date;
  seenAt: Date;
  /** Its absolute end; also when the server clears it away. */
  endsAt: Date;
}

/** Sessions of people, in MongoDB, so that each API process knows them. The token is in the browser's cookie alone. */
export interface Sessions {
  /** Opens a session; returns its token (256 random bits). */
  open(person: SignedIn): Promise<string>;
  /** Who has the session of a token; null when it is none, or has expired. Counts as use. */
  find(token: string): Promise<SignedIn | null>;
  close(token: string): Promise<void>;
  /** Ends every session of who has the session of a token, in every browser. */
  closeAll(token: string): Promise<void>;
  /** What a form of this session sends back, so that another site's form can't act in its name. */
  csrfToken(token: string): string;
  isCsrfToken(token: string, sent: unknown): boolean;
  init(): Promise<void>;
}

const seenEveryMs = 60_000;

export function createSessions(deps: { database: Database; secret: string; clock: Clock }): Sessions {
  const { clock } = deps;
  const sessions = deps.database.connection.collection<StoredSession>('sessions');
  const csrfKey = derivedKey(deps.secret, 'csrf');
  const csrfToken = (token: string): string => createHmac('sha256', csrfKey).update(token).digest('base64url');

  return {
    open: async ({ login, employeeId, roles, name }) => {
      const token = randomBytes(32).toString('base64url');
      const now = clock.wallNow();
      await sessions.insertOne({
        _id: idOf(token),
        login,
        employeeId,
        roles,
        sealedName: name === undefined ? null : sealName(token, name),
        createdAt: now,
        seenAt: now,
        endsAt: new Date(now.getTime() + absoluteMs),
      });
      return token;
    },
    find: async (token) => {
      const _id = idOf(token);
      const session = await sessions.findOne({ _id });
      if (!session) return null;
      const now = clock.wallNow().getTime();
      if (now >= session.endsAt.getTime() || now - session.seenAt.getTime() >= idleMs) {
        await sessions.deleteOne({ _id });
        return null;
      }
      if (now - session.seenAt.getTime() >= seenEveryMs)
        await sessions.updateOne({ _id }, { $set: { seenAt: new Date(now) } });
      const { login, employeeId, roles, sealedName } = session;
      return { login, employeeId, roles, ...(sealedName === null ? {} : { name: openName(token, sealedName) }) };
    },
    close: async (token) => {
      await sessions.deleteOne({ _id: idOf(token) });
    },
    closeAll: async (token) => {
      const session = await sessions.findOne({ _id: idOf(token) });
      if (session) await sessions.deleteMany({ login: session.login });
    },
    csrfToken,
    isCsrfToken: (token, sent) => {
      if (typeof sent !== 'string') return false;
      const [expected, given] = [Buffer.from(csrfToken(token)), Buffer.from(sent)];
      return expected.length === given.length && timingSafeEqual(expected, given);
    },
    init: () =>
      ensureCollection(deps.database.connection, 'sessions', [
        { key: { endsAt: 1 }, expireAfterSeconds: 0 },
        { key: { login: 1 } },
      ]),
  };
}

/** A key of 32 bytes for one purpose, from a secret. */
export function derivedKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'merzim', purpose, 32));
}

function idOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function sealName(token: string, name: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', derivedKey(token, 'session-name'), iv);
  return Buffer.concat([iv, cipher.update(name, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

function openName(token: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', derivedKey(token, 'session-name'), bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
}
