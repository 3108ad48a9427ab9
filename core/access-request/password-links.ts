import { createHash } from 'node:crypto';
import { ensureCollection } from '../collections.js';
import type { Actor, Database, Tx } from '../database.js';
import { PermanentError } from '../errors.js';
import { newId, newSecret } from '../ids.js';
import { decrypt, deriveKey, encrypt } from '../sealing.js';
import type { Trail } from '../trail.js';

/** What a link is made for. The password is sealed in the link and nowhere else. */
export interface PasswordLinkRequest {
  caseId: string;
  /** Our id of the account whose password it is. */
  accountId: string;
  /** Null where it goes by the mail itself: the link is for the acknowledgement of the rules alone (R31, ACC-51). */
  password: string | null;
  /** Where people reach the pages, for the link. */
  publicUrl: string;
  /** How long it is good, in hours of legal time. */
  hours: number;
}

export interface MadePasswordLink {
  linkId: string;
  /** The address for the mail, e.g. https://merzim.example.kz/password/7Q... : whoever has it can read the password once. */
  link: string;
  /** UTC, legal time: the first instant in which it is good no longer. */
  endsAt: Date;
}

/** Where a link stands: `ready`, `revealed` (its password was shown, at `revealedAt`), `ended` (too late, or replaced by a newer one). */
export type PasswordLinkState =
  | { state: 'ready'; linkId: string; endsAt: Date; rulesOnly?: boolean }
  | { state: 'revealed'; linkId: string; revealedAt: Date }
  | { state: 'ended'; linkId: string };

/**
 * One-time links to a temporary password (collection `password-links`; R22, AMB-ACC-08). The token stands in the mail alone: stored are
 * its hash, and the password sealed with a key that is derived from the token, so that neither the database nor a backup of it
 * gives the password away, not even together with the master key. (The letter that carries the link is sealed by the vault, like any.)
 */
export interface PasswordLinks {
  /** Makes a link, and withdraws earlier ones of the account. Records `password-link.made`. */
  make(tx: Tx, request: PasswordLinkRequest): Promise<MadePasswordLink>;
  /** Where the link of a token stands; burns nothing, since scanners of mails open every link. Null for a token that was never given. */
  look(token: string): Promise<PasswordLinkState | null>;
  /**
   * Shows the password and burns the link: of any number of calls, however close together, one gets it. The others, and who comes too late or
   * with a wrong token, get null. `password.revealed` is recorded in the same transaction. When the answer is lost on its way, the
   * password is too: a new one has to be set. Of a link without one the password is null, and `rules.acknowledged` is recorded.
   */
  reveal(token: string): Promise<{ password: string | null; accountId: string; caseId: string; linkId: string } | null>;
  /** Ends the links of an account that were not used, and drops what they hold. Records `password-link.withdrawn` for each; returns how many. */
  withdraw(tx: Tx, accountId: string): Promise<number>;
  /** The latest link of an account, or null. */
  latestOf(accountId: string): Promise<PasswordLinkState | null>;
  init(): Promise<void>;
}

interface StoredLink {
  _id: string;
  caseId: string;
  accountId: string;
  /** SHA-256 of the token, hex. */
  tokenHash: string;
  /** base64 of iv | ciphertext | tag; null once it was revealed or withdrawn. */
  sealed: string | null;
  /** It holds no password. */
  rulesOnly?: boolean;
  createdAt: Date;
  /** Legal time: the diagram's timer waits for the same instant. */
  endsAt: Date;
  revealedAt: Date | null;
  /** Who is about to reveal it, until when (wall time) if his process dies on the way. */
  claim: { id: string; until: Date } | null;
}

/** How long a reveal may take before another one may try, in milliseconds. */
const claimMs = 60_000;

export function createPasswordLinks({ database, trail }: { database: Database; trail: Trail }): PasswordLinks {
  const links = database.connection.collection<StoredLink>('password-links');
  const { clock } = database;

  const withdraw: PasswordLinks['withdraw'] = async (tx, accountId) => {
    const { session } = tx;
    const open = await links.find({ accountId, sealed: { $ne: null } }, { session }).toArray();
    for (const { _id, caseId } of open) {
      await links.updateOne({ _id }, { $set: { sealed: null } }, { session });
      await trail.record(tx, { caseId, type: 'password-link.withdrawn', subject: _id, data: { accountId } });
    }
    return open.length;
  };

  const stateOf = ({ _id: linkId, sealed, endsAt, revealedAt, rulesOnly }: StoredLink): PasswordLinkState => {
    if (revealedAt) return { state: 'revealed', linkId, revealedAt };
    if (!sealed || endsAt <= clock.legalNow()) return { state: 'ended', linkId };
    return { state: 'ready', linkId, endsAt, ...(rulesOnly ? { rulesOnly } : {}) };
  };

  /** Who has the link is not known; that it was used, and the rules acknowledged by it (R31), is recorded. False when it was withdrawn or came to its end in between. */
  const burn = ({ _id, caseId, accountId, sealed, rulesOnly }: StoredLink, claim: string): Promise<boolean> => {
    const by: Actor = { kind: 'applicant', id: `link:${_id}` };
    return database.transaction(by, async (tx) => {
      const one = { _id, sealed, 'claim.id': claim, endsAt: { $gt: tx.at } };
      const burnt = { $set: { sealed: null, claim: null, revealedAt: tx.at } };
      const { modifiedCount } = await links.updateOne(one, burnt, { session: tx.session });
      if (modifiedCount === 0) return false;
      await trail.record(tx, {
        caseId,
        type: rulesOnly ? 'rules.acknowledged' : 'password.revealed',
        subject: _id,
        data: { accountId, rulesAcknowledged: true },
      });
      return true;
    });
  };

  return {
    withdraw,
    make: async (tx, { caseId, accountId, password, publicUrl, hours }) => {
      await withdraw(tx, accountId);
      const linkId = newId();
      const token = newSecret(32);
      const endsAt = new Date(tx.at.getTime() + hours * 3600_000);
      const sealed = encrypt(keyOf(token, linkId), Buffer.from(password ?? '', 'utf8'), linkId).toString('base64');
      await links.insertOne(
        {
          ...{ _id: linkId, caseId, accountId, tokenHash: hashOf(token), sealed },
          ...{ createdAt: tx.at, endsAt, revealedAt: null, claim: null },
          ...(password === null ? { rulesOnly: true } : {}),
        },
        { session: tx.session },
      );
      const data = { accountId, endsAt: endsAt.toISOString() };
      await trail.record(tx, { caseId, type: 'password-link.made', subject: linkId, data });
      return { linkId, link: `${publicUrl.replace(/\/+$/, '')}/password/${token}`, endsAt };
    },
    look: async (token) => {
      const found = await links.findOne({ tokenHash: hashOf(token) });
      return found && stateOf(found);
    },
    reveal: async (token) => {
      const found = await links.findOne({ tokenHash: hashOf(token) });
      if (!found?.sealed || stateOf(found).state !== 'ready') return null;
      const { _id: linkId, caseId, accountId, sealed } = found;
      const content = decrypt(keyOf(token, linkId), Buffer.from(sealed, 'base64'), linkId);
      if (!content) throw new PermanentError(`password link ${linkId}: was altered`);
      // Of a thousand at once one goes on to the transaction: the others are told by one write that finds nothing, not by a conflict each.
      const claim = newId();
      const now = clock.wallNow();
      const free = { _id: linkId, sealed, $or: [{ claim: null }, { 'claim.until': { $lte: now } }] };
      const until = new Date(now.getTime() + claimMs);
      const { modifiedCount } = await links.updateOne(free, { $set: { claim: { id: claim, until } } });
      if (modifiedCount === 0) return null;
      try {
        if (!(await burn(found, claim))) return null;
        return { password: found.rulesOnly ? null : content.toString('utf8'), accountId, caseId, linkId };
      } catch (error) {
        await links.updateOne({ _id: linkId, 'claim.id': claim }, { $set: { claim: null } });
        throw error;
      }
    },
    latestOf: async (accountId) => {
      const found = await links.findOne({ accountId }, { sort: { _id: -1 } });
      return found && stateOf(found);
    },
    init: () =>
      ensureCollection(database.connection, 'password-links', [
        { key: { tokenHash: 1 }, name: 'token', unique: true },
        { key: { accountId: 1, _id: -1 }, name: 'account' },
      ]),
  };
}

/** Another use of the token than its hash, so that the hash that is stored says nothing about the key. */
function keyOf(token: string, linkId: string): Buffer {
  return deriveKey(Buffer.from(token, 'utf8'), 'password-link', Buffer.from(linkId, 'utf8'));
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
