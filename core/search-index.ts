import type { Vault } from './vault.js';

/** The keyed hash by which a name, an IIN or BIN, or an address of mail is found: the same whatever kind of value it is. */
export function searchIndex(vault: Pick<Vault, 'blindIndex'>, value: string): string {
  return vault.blindIndex('search.person', value);
}

/** The same of several values, each once; absent ones are left out. */
export function searchIndexes(
  vault: Pick<Vault, 'blindIndex'>,
  values: readonly (string | null | undefined)[],
): string[] {
  return [...new Set(values.flatMap((value) => (value ? [searchIndex(vault, value)] : [])))];
}
