import type { Database } from '../database.js';
import type { Trail } from '../trail.js';
import type { ArchiveFile } from './archive.js';
import { writeExport } from './export.js';
import { createKeyRing } from './key-ring.js';
import { createSealLog } from './seal-log.js';
import { createSealRequests, SealerSilentError } from './sealer.js';

/** Exports of cases that can be checked without us. */
export interface Evidence {
  /** The export of a case as an archive; see {@link writeExport}. @throws SealerSilentError when no sealer answers. */
  exportCase(asked: {
    caseId: string;
    number: string;
    files: Iterable<ArchiveFile> | AsyncIterable<ArchiveFile>;
  }): AsyncGenerator<Uint8Array>;
  init(): Promise<void>;
}

export function createEvidence(deps: { database: Database; trail: Trail; origin: string }): Evidence {
  const { database, trail, origin } = deps;
  const log = createSealLog({ database });
  const keys = createKeyRing({ database });
  const requests = createSealRequests({ database, clock: database.clock });
  return {
    exportCase: async function* (asked) {
      const key = await keys.current();
      if (!key) throw new SealerSilentError('no sealer has run yet: there is no key to check an export by');
      yield* writeExport({ trail, log, requests, origin, publicKey: key.publicKey }, asked);
    },
    init: async () => {
      for (const part of [log, keys, requests]) await part.init();
    },
  };
}
