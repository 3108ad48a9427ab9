import type { Tx } from '../database.js';
import { PermanentError } from '../errors.js';
import type { Services } from '../services.js';
import type { Extract, ExtractPart } from './extracts.js';

/** The kinds of the two extracts among the materials of a case (F-INS-2). */
const kinds: Record<Extract['system'], string> = {
  iisPsc: 'nitExtractIisPsc',
  egovPortal: 'nitExtractEgovPortal',
};

const contentType = 'application/x-ndjson';
/** Whoever writes while no person acts and no job's transaction runs. */
const by = { kind: 'worker', id: 'inspection.download-extract' } as const;

/**
 * Where the parts of an extract go while it is downloaded: each is a file, encrypted with the case's key, which stays an orphan until the
 * extract is whole; the extract remembers it, so that a repeat goes on after the last one.
 */
export async function partStore(services: Services, extract: Extract) {
  const { database, extracts, files, inspections } = services;
  const { _id, caseId, system, attempt } = extract;
  const { subjectId } = await inspections.get(caseId);
  return {
    /** What is stored whole. A file that the sweep has taken meanwhile is forgotten here and fetched again. */
    async partsStored(): Promise<ExtractPart[]> {
      const parts = (await extracts.find(_id))?.parts ?? [];
      const gone: string[] = [];
      for (const { fileId } of parts) if (!(await isThere(services, fileId))) gone.push(fileId);
      if (gone.length > 0) await database.transaction(by, (tx) => extracts.dropParts(tx, _id, gone));
      return parts.filter(({ fileId }) => !gone.includes(fileId));
    },

    async storePart(part: Omit<ExtractPart, 'fileId'> & { content: AsyncIterable<Uint8Array> }): Promise<void> {
      const { number, rows, bytes, sha256, content } = part;
      const name = `${system}-${attempt}-${number}.ndjson`;
      const { fileId } = await files.store({ content, subjectId, caseId, contentType, name });
      await database.transaction(by, (tx) => extracts.addPart(tx, _id, { number, rows, bytes, sha256, fileId }));
    },
  };
}

/** Removes what is stored of an extract that has not been completed, at once. What a crash leaves of it is swept as orphans. */
export async function forgetParts({ database, extracts, files }: Services, extractId: string): Promise<void> {
  const fileIds = (await extracts.find(extractId))?.parts.map(({ fileId }) => fileId) ?? [];
  await database.transaction(by, (tx) => extracts.dropParts(tx, extractId, fileIds));
  for (const fileId of fileIds) await files.discard(fileId);
}

/** Makes the parts of an extract that is whole materials of its case (INS-22); they are attached to the conclusion like all others. */
export async function addExtractMaterials(services: Services, tx: Tx, extractId: string): Promise<void> {
  const { documents, extracts, inspections, organisation } = services;
  const extract = await extracts.find(extractId, tx);
  if (!extract) throw new PermanentError(`extractId ${extractId} names no extract`, { field: 'extractId' });
  if (extract.state === 'complete') return;
  const { caseId, system, attempt } = extract;
  const { subjectId } = await inspections.get(caseId, tx);
  for (const { number, bytes, sha256, fileId } of [...extract.parts].sort((a, b) => a.number - b.number))
    await documents.add(tx, {
      caseId,
      subjectId,
      kind: kinds[system],
      lineId: '',
      request: null,
      file: { fileId, bytes, sha256, contentType },
      name: `${system}-${attempt}-${number}.ndjson`,
      languages: organisation.languages,
    });
}

async function isThere({ files }: Services, fileId: string): Promise<boolean> {
  try {
    (await files.open(fileId)).stream.destroy();
    return true;
  } catch (error) {
    if (error instanceof PermanentError) return false;
    throw error;
  }
}
