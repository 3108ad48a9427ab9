/**
 * What a backup of the data must not hold, because an erasure has to reach it: wrapped keys, and hashes of personal values under the key of the
 * blind indexes, which is the same for all. They are in the backup of the keys, which is kept for a short time.
 */
export const withheld: Readonly<Record<string, readonly string[]>> = {
  'subject-keys': ['wrapped', 'masterKeyId'],
  'vault-keys': ['wrapped', 'masterKeyId'],
  employees: ['rowIndex', 'searchIndex'],
  inspections: ['trigger.senderIndex'],
  accounts: ['loginIndex'],
  'access-violations': ['idempotency.contentHash'],
  'access-requests': ['applicant.index', 'userIndex'],
  'technical-requests': ['reporter.index'],
  'upkeep-records': ['idempotency.contentHash'],
  cases: ['sourceRef', 'sourceHash', 'idempotency.contentHash'],
};

/**
 * What has no meaning after a restore, and is made anew: sign-ins, who holds which lease, signs of life, questions that wait for an answer. Links
 * that work once must not work again.
 */
export const leftOut: ReadonlySet<string> = new Set([
  ...['sessions', 'leases', 'heartbeats', 'seal-requests', 'password-links', 'restores'],
]);

/** Fields that mean something in this one database alone: where the sealer reads on in its oplog. */
export const dropped: Readonly<Record<string, readonly string[]>> = { leaves: ['resumeToken'] };
