import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../../core/ids.js';
import type { LetterRecord } from '../../../core/letters.js';
import type { Services } from '../../../core/services.js';
import { seed } from '../../../local/play/seed.js';
import { sendMaterials } from '../../../workers/inspection/send-materials.js';
import { anInspectionFile } from '../../builders/inspection.js';
import { somebody } from '../../helpers/database.js';
import { WorkerSite } from '../../helpers/worker-site.js';

/** R9, INS-26: all materials reach the authorised body, however large they are together; what no mail holds is said to come by other means. */

let site: WorkerSite;
let services: Services;
beforeAll(async () => {
  site = await WorkerSite.start();
  services = site.services;
  await seed(services.database, services.settings.vault.masterKey);
});
afterAll(() => site.stop());

const MiB = 1024 * 1024;
let numbers = 0;

/** A case of the Almaty branch with revealed signs and materials of these sizes. */
async function withMaterials(sizes: Record<string, number>) {
  const { database, documents, files, inspections, vault } = services;
  const caseId = newId();
  numbers += 1;
  const caseNumber = `INS-2026-${String(numbers).padStart(6, '0')}`;
  const { subjectId, signId } = await database.transaction(somebody, async (tx) => {
    const subject = await vault.createSubject(tx, 'case');
    const unit = { inspectingUnit: 'branch' as const, branchCode: 'ALA' };
    await inspections.create(
      tx,
      anInspectionFile({ _id: caseId, number: caseNumber, subjectId: subject, ...unit }, tx.at),
    );
    const given = { kinds: ['criminal' as const], revealedAt: tx.at };
    return { subjectId: subject, signId: await inspections.recordSigns(tx, caseId, given, 'no') };
  });
  for (const [name, bytes] of Object.entries(sizes)) {
    const content = Readable.from([Buffer.alloc(bytes, name)]);
    const file = await files.store({ content, subjectId, caseId, contentType: 'application/pdf', name });
    await database.transaction(somebody, (tx) =>
      documents.add(tx, {
        ...{ caseId, subjectId, kind: 'material', lineId: '', request: null },
        ...{ file, name, languages: ['ru'] },
      }),
    );
  }
  return { caseId, caseNumber, signId };
}

/** What a letter carries, and what its list says of each material. */
async function read(letter: LetterRecord) {
  const { attachments, data, number } = await services.vault.reveal(letter);
  const { materials, supplementTo } = JSON.parse(data) as {
    materials: { name: string; sent: string }[];
    supplementTo?: string;
  };
  return {
    number,
    carries: attachments.map(({ name }) => name),
    lists: materials.map(({ name, sent }) => `${name}: ${sent}`),
    supplementTo,
  };
}

async function sent(sizes: Record<string, number>) {
  const input = await withMaterials(sizes);
  const { letterId, letterIds } = await site.deliver(sendMaterials, input);
  expect(letterId).toBe(letterIds[0]);
  const letters = await services.letters.ofCase(input.caseId);
  expect(letters.map(({ _id }) => _id)).toEqual(letterIds);
  // A second job of another decision finds the same letters.
  expect((await site.deliver(sendMaterials, input)).letterIds).toEqual(letterIds);
  expect(await services.letters.ofCase(input.caseId)).toHaveLength(letterIds.length);
  const [sign] = (await services.inspections.get(input.caseId)).signs;
  expect(sign).toMatchObject({ dispatchLetterId: letterId, dispatchLetterIds: letterIds });
  return Promise.all(letters.map(read));
}

test('materials that one mail holds go with one letter', async () => {
  expect(await sent({ a: 9 * MiB, b: 6 * MiB })).toMatchObject([
    { carries: ['a', 'b'], lists: ['a: attached', 'b: attached'], supplementTo: undefined },
  ]);
});

test('more go with further letters, which supplement the first, and the first lists them all', async () => {
  const [first, second, third, ...more] = await sent({ a: 9 * MiB, b: 9 * MiB, c: 5 * MiB, d: 8 * MiB });
  expect(more).toEqual([]);
  expect(first).toMatchObject({
    carries: ['a', 'c'],
    lists: ['a: attached', 'b: following', 'c: attached', 'd: following'],
    supplementTo: undefined,
  });
  expect(second).toMatchObject({ carries: ['b'], lists: ['b: attached'], supplementTo: first!.number });
  expect(third).toMatchObject({ carries: ['d'], lists: ['d: attached'], supplementTo: first!.number });
});

test('what no mail holds is listed as coming apart, and the letter goes out all the same', async () => {
  expect(await sent({ a: 15 * MiB + 1, b: 1 * MiB })).toMatchObject([
    { carries: ['b'], lists: ['a: apart', 'b: attached'] },
  ]);
});
