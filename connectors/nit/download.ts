import { BusinessError, PermanentError, RetryableError } from '../../core/errors.js';
import type { NitClient } from './client.js';
import { manifestFault, type ExtractScope, type Manifest, type PartManifest } from './contract.js';
import { ShortPart } from './part-stream.js';
import { retrying } from '../retry.js';

/** A part as it was stored. */
export type StoredPart = Pick<PartManifest, 'number' | 'rows' | 'sha256'>;

/** Where the parts go. */
export interface PartStore {
  /** The parts that are stored whole, from this download or an earlier one. */
  partsStored(): Promise<StoredPart[]>;
  /**
   * Reads `content` to its end and keeps it. When the iteration throws it must keep nothing and pass the error on. May be called again for
   * the same part after a fault.
   */
  storePart(part: PartManifest & { content: AsyncIterable<Uint8Array> }): Promise<void>;
}

/** How far a download is; called for each chunk and once for each stored part. */
export interface DownloadProgress {
  partsStored: number;
  partsTotal: number;
  rowsTotal: number;
  /** What came since the last call; of an attempt that failed too, so that it meters the work, not the result. */
  added: { bytes: number; rows: number; parts: number };
}

export interface Download {
  client: Pick<NitClient, 'status' | 'downloadPart' | 'retry'>;
  extract: { exportId: string; scope: ExtractScope };
  store: PartStore;
  /** Awaited; what it throws ends the download. */
  onProgress?: (progress: DownloadProgress) => void | Promise<void>;
  signal?: AbortSignal;
}

export interface DownloadedExtract {
  manifest: Manifest;
  /** Numbers of the parts that this call fetched; the others were there. */
  fetched: number[];
}

/**
 * Brings an export that is ready into the store, part after part; parts that are stored are not fetched again. When it returns, every part
 * of the manifest is stored and verified. Throws
 * - BusinessError NIT_OUT_OF_SCOPE, NIT_MANIFEST_MISMATCH (also: the manifest no longer fits what is stored), NIT_REFUSED;
 * - RetryableError when NIT did not deliver after several attempts, or `signal` said stop: calling again goes on after the last whole part.
 */
export async function downloadExtract(download: Download): Promise<DownloadedExtract> {
  const { client, extract, store, signal } = download;
  const manifest = await readyManifest(download);
  const stored = await storedParts(store, manifest);
  const report = (added: Partial<DownloadProgress['added']>) =>
    download.onProgress?.({
      partsStored: stored.size,
      partsTotal: manifest.parts.length,
      rowsTotal: manifest.rows,
      added: { bytes: 0, rows: 0, parts: 0, ...added },
    });
  const fetched: number[] = [];
  for (const part of manifest.parts) {
    if (stored.has(part.number)) continue;
    await retrying(() => fetchPart(part), client.retry, signal).catch((error: unknown) => {
      throw error instanceof ShortPart ? new BusinessError('NIT_MANIFEST_MISMATCH', error.message) : error;
    });
    stored.add(part.number);
    fetched.push(part.number);
    await report({ parts: 1 });
  }
  return { manifest, fetched };

  async function fetchPart(part: PartManifest): Promise<void> {
    const watched = watch(client.downloadPart(extract.exportId, part, extract.scope, { signal, seen: report }));
    try {
      await store.storePart({ ...part, content: watched.content });
    } catch (error) {
      // The store may wrap what the iteration threw; what it was decides what happens next.
      throw watched.failure() ?? error;
    }
    const failure = watched.failure();
    if (failure) throw failure;
    if (!watched.ended()) throw new PermanentError(`the store kept part ${part.number} without reading it to its end`);
  }
}

async function readyManifest({ client, extract, signal }: Download): Promise<Manifest> {
  const found = await client.status(extract.exportId, signal);
  if (found.state === 'pending') {
    throw new RetryableError('NIT is still preparing the export', { afterMs: found.pollAfterMs });
  }
  if (found.state !== 'ready') {
    const what = found.state === 'refused' ? 'refused' : 'no longer delivers';
    throw new BusinessError('NIT_REFUSED', `NIT ${what} the export: ${found.reasonCode}`);
  }
  const fault = manifestFault(found.manifest);
  if (fault) throw new BusinessError('NIT_MANIFEST_MISMATCH', `NIT's manifest: ${fault}`);
  return found.manifest;
}

async function storedParts(store: PartStore, manifest: Manifest): Promise<Set<number>> {
  const stored = await store.partsStored();
  for (const part of stored) {
    const listed = manifest.parts[part.number - 1];
    if (listed?.sha256 !== part.sha256 || listed.rows !== part.rows) {
      throw new BusinessError(
        'NIT_MANIFEST_MISMATCH',
        `NIT's manifest no longer fits part ${part.number}, which is stored`,
      );
    }
  }
  return new Set(stored.map((part) => part.number));
}

/** Remembers how an iteration ended, whatever its reader makes of it. */
function watch(source: AsyncIterable<Uint8Array>) {
  let failure: Error | undefined;
  let ended = false;
  async function* content(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* source;
      ended = true;
    } catch (error) {
      failure = error as Error;
      throw error;
    }
  }
  return { content: content(), failure: () => failure, ended: () => ended };
}
