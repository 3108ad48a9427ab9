import type { Services } from '../../core/services.js';
import { createVault, SubjectErasedError } from '../../core/vault.js';

/**
 * Everything of both databases and of the files that can be read with the master key and all keys that are there, in which one of the needles
 * is: `<needle> in <collection>`. As another process would: nothing in memory.
 */
export async function readable(services: Services, needles: readonly string[]): Promise<string[]> {
  const { database, files, settings } = services;
  const vault = createVault({ database, ...settings.vault });
  const found: string[] = [];
  const look = (where: string, text: string): void => {
    for (const needle of needles) if (text.includes(needle)) found.push(`${needle} in ${where}`);
  };
  for (const connection of [database.connection, database.trail])
    for (const { name: collection } of await connection.db!.listCollections({}, { nameOnly: true }).toArray()) {
      if (collection === 'files.chunks') continue;
      for await (const document of connection.db!.collection(collection).find())
        look(collection, JSON.stringify(await vault.reveal(document)));
    }
  for await (const { _id } of database.connection.collection('files.files').find()) {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of (await files.open(String(_id))).stream) chunks.push(chunk as Buffer);
      look('files', Buffer.concat(chunks).toString('utf8'));
    } catch (error) {
      if (!(error instanceof SubjectErasedError)) throw error;
    }
  }
  return found;
}
