import type { Organisation } from '../config/index.js';
import type { DeadlineTable } from './deadline-table.js';
import { PermanentError } from './errors.js';

/**
 * The rules on which a term of the organisation has an effect: the act is silent, and a diagram or the code counts them. What counts no more, or
 * now counts as well, is found by test/guards/terms.test.ts, which derives the same from the diagrams, the code and the table.
 */
export const ownTermRules: readonly string[] = [
  'DL-INS-3',
  'DL-INS-4',
  'DL-INS-5',
  'DL-ACC-7',
  'DL-ACC-8',
  'DL-TECH-2',
];

/** What the organisation sets elsewhere, by rule. */
const setElsewhere: Readonly<Record<string, string>> = {
  'DL-ACC-6': 'the temporary password ends with its link, set CREDENTIALS_LINK_HOURS',
};

/**
 * Refuses terms of the organisation that nothing asks for: of an unknown rule, of one whose term the act itself sets, or of one that is not counted.
 * @throws PermanentError naming each, and what may be set.
 */
export function checkOwnTerms(organisation: Organisation, table: DeadlineTable): void {
  const faults = Object.keys(organisation.terms).flatMap((rule) => {
    const rows = table.rows.filter((row) => row.rule === rule);
    if (rows.length === 0) return [`terms.${rule}: ${table.file} has no such rule`];
    if (rows.every((row) => row.length !== null)) return [`terms.${rule}: the act sets this term itself`];
    if (!ownTermRules.includes(rule))
      return [`terms.${rule}: without effect, ${setElsewhere[rule] ?? 'nothing counts this term'}; take it out`];
    return [];
  });
  if (faults.length)
    throw new PermanentError(
      `the organisation's terms are wrong; expected terms for ${ownTermRules.join(', ')} alone:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
      { field: 'terms' },
    );
}
