import type { Database } from '../../core/database.js';
import { createDirectory } from '../../core/directory.js';
import { createPeople } from '../../core/people.js';
import { createVault } from '../../core/vault.js';
import { seedOrganisation } from '../identity/seed.js';

/** Gives an embedded stack its people, with services of its own: for who has no more than a database. Says how many were imported. */
export async function seed(database: Database, masterKey: Buffer): Promise<number> {
  const vault = createVault({ database, masterKey });
  const people = createPeople({ database });
  const directory = createDirectory({ database, vault });
  for (const part of [vault, people, directory]) await part.init();
  const { added, changed, unchanged } = await seedOrganisation({ directory, people });
  return added + changed + unchanged;
}
