import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import { filesOf, readManifest } from '../../core/backup/manifest.js';
import { composeServices } from '../../core/compose.js';
import { verifyExport } from '../../core/evidence/verify.js';
import { markUnfinished, openPlace, unmarkUnfinished } from '../../local/backup/place.js';
import { completeTask, waitFor } from '../../local/play/tasks.js';
import { findPlaintext, scanForPlaintext } from '../helpers/canary.js';
import { startOwnStack, type OwnStack } from '../helpers/own-stack.js';
import { readable } from '../helpers/readable.js';

/**
 * The drill: a case with canaries and one that runs; a backup; the person is erased; the backup is restored, with its engine. Nothing of the
 * erased person can be read, the trail verifies, and the case that ran goes on to its end.
 */
const minutes = 60_000;
const portOffset = 5900;
const erasedWords = ['Канарейка-заявитель-ZqVx7', 'canary-drill-zqvx7@applicant.example', 'канарейка-внутри-ZqVx7'];
const keptWords = ['Қалған-өтініш-беруші-ZqVx8', 'қалған-мәтін-ZqVx8'];
const home = mkdtempSync(path.join(tmpdir(), 'merzim-drill-'));
const at = (...names: string[]): string => path.join(home, ...names);
const dataFolder = at('data', 'test');
const numbers = { ended: '', running: '' };
let employee: { fullName: string; iin: string };
let backup: string;
let keys: string;
let own: OwnStack | null = null;

const start = async (): Promise<OwnStack> => {
  own = await startOwnStack(portOffset, { home, apps: ['api', 'worker', 'relay', 'sealer'] });
  return own;
};
const stop = async (): Promise<void> => {
  await own?.stop();
  own = null;
};
const run = (command: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [
    ...[
      inProject('dist', 'local', `${command}.js`),
      '--profile',
      'test',
      '--home',
      home,
      '--offset',
      String(portOffset),
    ],
    ...args,
  ]).then(
    (output) => ({ code: 0, ...output }),
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
const restore = (...args: string[]) =>
  run('restore', '--from', backup, '--keys', keys, '--by', 'administrator', ...args);

async function fileCase(name: string, email: string, employeeId: string, content: string): Promise<string> {
  const registrar = await own!.signIn('registrar');
  const filed = await registrar.post<{ number: string }>('/api/inspections', {
    ...{ triggerKind: 'individualApplication', sender: { name, email }, facts: [content], employees: [{ employeeId }] },
  });
  expect(filed.status).toBe(201);
  const { number } = filed.body;
  const iss = await own!.signIn('iss.ala');
  const file = { name: 'a.txt', type: 'text/plain', content };
  expect((await iss.upload(`/api/cases/${number}/documents`, file)).status).toBe(201);
  return number;
}

async function endCase(caseNumber: string): Promise<void> {
  const iss = await own!.signIn('iss.ala');
  const reason = await iss.post(`/api/cases/${caseNumber}/screening-reason`, {
    text: 'Өтініш дербес деректерге қатысты емес.',
  });
  expect(reason.status).toBe(200);
  const variables = { screeningResult: 'outOfScope' };
  await completeTask(own!.engine, {
    caseNumber,
    elementId: 'UserTask_ScreenTrigger',
    login: 'iss.ala',
    variables,
    timeoutMs: 2 * minutes,
  });
  await waitFor(async () => (await caseOf(caseNumber))!.state === 'closed', `the end of ${caseNumber}`, 2 * minutes);
}

const caseOf = (number: string) =>
  own!.services.database.connection.collection<{ _id: string; state: string }>('cases').findOne({ number } as never);
const receiptsSent = async (): Promise<boolean> =>
  (await own!.services.database.connection.collection('outbox').countDocuments({ kind: 'mail', state: 'pending' })) ===
  0;

/** Every document of every index that the engine's products read. */
async function openSearch(): Promise<string> {
  const url = own!.stack.env['OPENSEARCH_URL']!;
  await fetch(`${url}/_refresh`, { method: 'POST' });
  return (await fetch(`${url}/_all/_search?size=10000&expand_wildcards=all`)).text();
}

function filesBelow(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Buffer.concat(files.map((entry) => readFileSync(path.join(entry.parentPath, entry.name))));
}

beforeAll(async () => {
  await start();
  numbers.ended = await fileCase(erasedWords[0]!, erasedWords[1]!, 'SC-1018', erasedWords[2]!);
  numbers.running = await fileCase(keptWords[0]!, 'kept@applicant.example', 'SC-1016', keptWords[1]!);
  await endCase(numbers.ended);
  await waitFor(receiptsSent, 'the letters to be sent');
  employee = (await own!.services.directory.employee('SC-1018'))!;
}, 6 * minutes);

afterAll(async () => {
  await stop();
  rmSync(home, { recursive: true, force: true });
}, 2 * minutes);

describe('a drill: backup, erasure, restore', () => {
  test(
    'a backup is refused while the stack runs, and taken when it has stopped',
    async () => {
      const to = ['--to', at('backups'), '--keys', at('keys')];
      expect(await run('backup', ...to)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('have to stand still'),
      });
      expect(await readable(own!.services, [...erasedWords, ...keptWords])).not.toEqual([]);
      await stop();
      expect(await run('backup', ...to)).toMatchObject({ code: 0 });
      backup = at('backups', readdirSync(at('backups'))[0]!);
      keys = at('keys', readdirSync(at('keys'))[0]!);
      expect(readManifest(backup).engine!.length).toBeGreaterThan(10);
    },
    3 * minutes,
  );

  test(
    'a restore overwrites nothing by itself, and a half-done one lets nothing start',
    async () => {
      const place = await openPlace({ profile: 'test', home, portOffset });
      try {
        await place.startDatabase();
        const services = await composeServices({ ...place.settings, log: { level: 'silent' } }, 'test');
        const erased = [
          { caseNumber: numbers.ended, who: 'applicant' as const },
          { caseNumber: numbers.ended, who: 'materials' as const },
          { employeeId: 'SC-1018' },
        ];
        for (const person of erased)
          for (const subject of await services.erasures.find(person))
            await services.erasures.erase({ kind: 'person', id: 'dpo' }, subject, { ground: 'DPO-2026-17' });
        await services.database.close();
      } finally {
        await place.leave();
      }
      expect(await restore()).toMatchObject({ code: 1, stderr: expect.stringContaining('add --replace') });
      markUnfinished(dataFolder, 'x');
      await expect(startOwnStack(portOffset, { home })).rejects.toThrow('was not brought to its end');
      unmarkUnfinished(dataFolder);
      const changed = path.join(
        backup,
        filesOf(readManifest(backup)).find(({ file }) => file.startsWith('engine/'))!.file,
      );
      const whole = readFileSync(changed);
      writeFileSync(changed, Buffer.concat([whole, Buffer.from('x')]));
      expect(await restore('--replace')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('nothing was restored'),
      });
      writeFileSync(changed, whole);
      expect(await restore('--replace')).toMatchObject({ code: 0, stdout: expect.stringMatching(/erased again +3/) });
    },
    3 * minutes,
  );

  test(
    'nothing of the erased can be read, anywhere; the others can',
    async () => {
      const { services } = await start();
      const words = [...erasedWords, employee.fullName, employee.iin];
      expect(await readable(services, words)).toEqual([]);
      expect(await readable(services, keptWords)).not.toEqual([]);
      expect(await scanForPlaintext(services.database, [...words, ...keptWords])).toEqual([]);

      const auditor = await own!.signIn('auditor');
      const page = await auditor.page(`/cases/${numbers.ended}`);
      expect([page.status, findPlaintext(page.body, words)]).toEqual([200, []]);

      // Local users of Tasklist bear the names of the directory's people: they are the embedded web applications' own accounts.
      const indices = (await openSearch()).replaceAll(/\{[^{}]*"_index":"operate-user[^}]*\}[^}]*\}/g, '');
      expect([findPlaintext(indices, words), findPlaintext(indices, [numbers.running])]).toEqual([
        [],
        expect.anything(),
      ]);
      expect(findPlaintext(filesBelow(at('log')), words)).toEqual([]);

      const archived = Buffer.concat(
        filesOf(readManifest(backup)).map(({ file }) => {
          const bytes = readFileSync(path.join(backup, file));
          return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
        }),
      );
      expect(findPlaintext(archived, words.slice(0, 3))).toEqual([]);
      const sealed = archived.toString('latin1').matchAll(/mz1:[0-9A-Z]{26}:[A-Za-z0-9+/]{38,}={0,2}/g);
      const opened = JSON.stringify(await services.vault.reveal([...sealed].map(([text]) => text)));
      expect([words.filter((word) => opened.includes(word)), opened.includes(keptWords[0]!)]).toEqual([[], true]);
    },
    4 * minutes,
  );

  test(
    'the case that ran goes on to its end, on the engine that was restored, and the trail verifies',
    async () => {
      await endCase(numbers.running);
      const { trail, database } = own!.services;
      for (const number of Object.values(numbers))
        expect(await trail.verifyChain((await caseOf(number))!._id)).toMatchObject({ ok: true });
      const epoch = await database.connection.collection('engine-epochs').findOne();
      expect(epoch).toMatchObject({ backedUp: false, tides: [{ deployed: true }] });
      const auditor = await own!.signIn('auditor');
      for (const number of Object.values(numbers)) {
        writeFileSync(
          at('export.zip'),
          await waitFor(() => auditor.download(`/api/cases/${number}/export`), 'the export'),
        );
        expect(verifyExport(at('export.zip'))).toMatchObject({ ok: true });
      }
      const log = filesBelow(at('log')).toString('utf8');
      expect(log).not.toContain('job failed: an incident waits');
    },
    4 * minutes,
  );
});
