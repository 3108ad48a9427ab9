import { randomBytes } from 'node:crypto';
import { loadOrganisation, type Organisation } from '../../config/index.js';
import { createFiles, type Files } from '../../core/files.js';
import { newId } from '../../core/ids.js';
import { createLetters, type Letters, type LetterToCompose } from '../../core/letters.js';
import { createNumbers } from '../../core/numbers.js';
import { createOutbox, type Outbox, type OutboxEntry } from '../../core/outbox.js';
import { createTrail, type Trail } from '../../core/trail.js';
import { createVault, type Vault } from '../../core/vault.js';
import { letterSamples } from '../../local/letter-samples.js';
import { openTestDatabase, somebody, type TestDatabase } from './database.js';

/** Letters with everything that they need, on a database of their own. */
export interface LetterServices {
  database: TestDatabase;
  vault: Vault;
  trail: Trail;
  outbox: Outbox;
  files: Files;
  letters: Letters;
  organisation: Organisation;
  /** The same database in a new process: nothing is remembered. */
  reopen(): Promise<LetterServices>;
  /** Composes a receipt to `canary.applicant@example.kz` unless told otherwise. */
  compose(given?: Partial<LetterToCompose>): Promise<{ letterId: string; number: string; caseId: string }>;
  /** Outbox entries of a case, oldest first, as they are stored. */
  entries(caseId: string): Promise<OutboxEntry[]>;
  /** Takes the mail entry of a letter as a relay would. */
  claim(letterId: string): Promise<OutboxEntry>;
  /** Types of the trail's entries of a case, in order. */
  acts(caseId: string): Promise<string[]>;
}

export async function openLetterServices(name?: string, masterKey: Buffer = randomBytes(32)): Promise<LetterServices> {
  const database = await openTestDatabase(undefined, name);
  const organisation = loadOrganisation('demo');
  const vault = createVault({ database, masterKey });
  const trail = createTrail({ database });
  const outbox = createOutbox({ database });
  const files = createFiles({ database, vault });
  const numbers = createNumbers({ database });
  const letters = createLetters({ database, vault, trail, numbers, outbox, organisation });
  for (const part of [vault, trail, outbox, files, letters]) await part.init();
  const stored = () => database.connection.collection<OutboxEntry>('outbox');

  return {
    reopen: () => openLetterServices(database.connection.name, masterKey),
    ...{ database, vault, trail, outbox, files, letters, organisation },
    compose: async (given = {}) => {
      const caseId = given.caseId ?? newId();
      const subjectId = await vault.createSubject(null, 'person');
      const composed = await database.transaction(somebody, (tx) =>
        letters.compose(tx, {
          caseId,
          template: 'inspection/receipt',
          languages: ['kk', 'ru'],
          recipient: { subjectId, name: 'Canary Әбілқасымова', email: 'canary.applicant@example.kz' },
          data: letterSamples[given.template ?? 'inspection/receipt'] ?? {},
          purpose: 'receipt',
          ...given,
        }),
      );
      return { ...composed, caseId };
    },
    entries: (caseId) => stored().find({ caseId }).sort({ _id: 1 }).toArray(),
    claim: async (letterId) => {
      await stored().updateMany(
        { kind: 'mail', state: 'pending', 'mail.letterId': letterId },
        { $set: { notBefore: new Date(0), leaseUntil: null } },
      );
      const claimed = await outbox.claim('mail', 'relay-1', 100, 60_000);
      const entry = claimed.find(({ mail }) => mail?.letterId === letterId);
      if (!entry) throw new Error(`letter ${letterId} has no pending entry`);
      return entry;
    },
    acts: async (caseId) => (await trail.list(caseId)).map(({ type }) => type),
  };
}
