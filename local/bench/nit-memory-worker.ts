/** The downloading process of nit-memory.ts: gets an export ready, says so, waits for a line, downloads, says how much it was. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createNitClient } from '../../connectors/nit/client.js';
import { downloadExtract, type PartStore, type StoredPart } from '../../connectors/nit/download.js';
import { openDatabase } from '../../core/database.js';
import { createFiles } from '../../core/files.js';
import { createVault } from '../../core/vault.js';

const client = createNitClient({
  url: process.env.NIT_URL ?? '',
  clientId: 'bench',
  clientSecret: process.env.NIT_CLIENT_SECRET ?? '',
});
const period = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-02-01T00:00:00Z') };
const subjects = ['E-1', 'E-2', 'E-3'];
const { exportId } = await client.requestExport({
  idempotencyKey: 'bench',
  system: 'iisPsc',
  facts: [{ factId: 'F1', text: 'bench' }],
  subjects,
  period,
});
while ((await client.status(exportId)).state === 'pending') await delay(100);

const store = process.env.MONGODB_URI ? await gridFsStore(process.env.MONGODB_URI) : await folderStore();
console.log('ready');
await once(process.stdin, 'data');
let done: Record<string, unknown>;
try {
  const { manifest } = await downloadExtract({
    client,
    extract: { exportId, scope: { system: 'iisPsc', factIds: ['F1'], subjects, period } },
    store,
  });
  const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
  done = { rows: manifest.rows, bytes, parts: manifest.parts.length, store: store.name };
} finally {
  // Before the last line: whoever reads it ends this process.
  await store.remove();
  process.stdin.destroy();
}
console.log(JSON.stringify(done));

type BenchStore = PartStore & { name: string; remove(): Promise<void> };

/** As in the product: encrypted with a key of the case, in GridFS. */
async function gridFsStore(uri: string): Promise<BenchStore> {
  const name = `bench_${randomBytes(4).toString('hex')}`;
  const database = await openDatabase({
    mongo: { uri, database: name, trailDatabase: `${name}_trail` },
    clock: { travel: false },
  });
  const vault = createVault({ database, masterKey: randomBytes(32) });
  const files = createFiles({ database, vault });
  await vault.init();
  await files.init();
  const subjectId = await vault.createSubject(null, 'case');
  const stored: StoredPart[] = [];
  return {
    name: 'encrypted GridFS',
    partsStored: () => Promise.resolve(stored),
    async storePart({ number, rows, sha256, content }) {
      await files.store({ content, subjectId, caseId: 'bench', contentType: 'application/x-ndjson' });
      stored.push({ number, rows, sha256 });
    },
    async remove() {
      await database.connection.dropDatabase();
      await database.close();
    },
  };
}

async function folderStore(): Promise<BenchStore> {
  const folder = await mkdtemp(join(tmpdir(), 'merzim-bench-'));
  const stored: StoredPart[] = [];
  return {
    name: 'folder',
    partsStored: () => Promise.resolve(stored),
    async storePart({ number, rows, sha256, content }) {
      const file = await open(join(folder, String(number)), 'w');
      try {
        for await (const chunk of content) await file.write(chunk);
      } finally {
        await file.close();
      }
      stored.push({ number, rows, sha256 });
    },
    remove: () => rm(folder, { recursive: true }),
  };
}
