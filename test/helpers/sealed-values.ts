import type { Services } from '../../core/services.js';

/** A personal value as it was found in the database: sealed for a subject. */
export interface SealedValue {
  subjectId: string;
  /** `<collection>.<path>`, without the numbers of list elements. */
  place: string;
  sealed: string;
  text: string;
}

/**
 * Every sealed value of both databases, opened. What is personal is told by nothing but that it is sealed: a field that comes new is found
 * without being listed anywhere.
 */
export async function sealedValues({ database, vault }: Pick<Services, 'database' | 'vault'>): Promise<SealedValue[]> {
  const found: SealedValue[] = [];
  const look = async (value: unknown, place: string): Promise<void> => {
    const [, subjectId] = (typeof value === 'string' && /^mz1:([^:]+):/.exec(value)) || [];
    if (subjectId !== undefined)
      found.push({ subjectId, place, sealed: value as string, text: await vault.open(value as string) });
    else if (Array.isArray(value)) for (const each of value) await look(each, place);
    else if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
      for (const [name, each] of Object.entries(value)) await look(each, `${place}.${name}`);
  };
  for (const connection of [database.connection, database.trail])
    for (const { name } of await connection.db!.listCollections({}, { nameOnly: true }).toArray())
      if (name !== 'files.chunks')
        for await (const document of connection.db!.collection(name).find()) await look(document, name);
  return found;
}
