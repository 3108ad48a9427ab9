import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { lineDocumentKinds, paperKinds } from '../../core/inspection/model.js';
import { manyEmployees, named } from '../builders/inspection.js';
import { openStage, testMs, type Stage } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
}, testMs);
afterAll(() => stage?.close(), testMs);

test(
  'an inspection of fifty employees asks for each document once, takes each answer once and ends right, without an incident',
  async () => {
    const it = await stage.file({ employees: named(...manyEmployees(50)) });
    await it.screened({ inspectingUnit: 'centralOffice' });
    await it.asked({}, 200);
    await it.documented();
    await it.studied();
    await it.found(false);
    await it.concluded();
    expect(await it.ended()).toMatchObject({ state: 'closed', outcome: 'not-confirmed' });

    const { lines, conclusions } = await it.inspection();
    const requests = await it.requests();
    expect(requests.map(({ lineId, kind }) => `${lineId} ${kind}`).sort()).toEqual(
      lines.flatMap(({ lineId }) => lineDocumentKinds.map((kind) => `${lineId} ${kind}`)).sort(),
    );
    expect(requests.filter(({ state }) => state !== 'received')).toEqual([]);
    // The signed conclusion is a document of the case too, but answers no request.
    const documents = (await it.documents()).filter(({ kind }) => kind !== paperKinds.conclusion);
    expect(documents.map(({ requestId }) => requestId).sort()).toEqual(requests.map(({ _id }) => _id).sort());
    expect(conclusions).toHaveLength(1);
    expect(conclusions[0]!.attachments.map(({ documentId }) => documentId).sort()).toEqual(
      documents.map(({ _id }) => _id).sort(),
    );

    const clocks = await it.clocks('DL-INS-3');
    expect(clocks.map(({ subject }) => subject).sort()).toEqual(requests.map(({ _id }) => _id).sort());
    expect(clocks.filter(({ kept }) => kept !== true)).toEqual([]);
    for (const type of ['document.requested', 'document.added', 'clock.stopped'])
      expect([type, new Set((await it.trail(type)).map(({ subject }) => subject)).size]).toEqual([
        type,
        type === 'document.requested' ? 200 : 201,
      ]);
    expect(await it.trail('document.requested')).toHaveLength(200);
    expect(await it.trail('document.added')).toHaveLength(201);

    await it.waitFor(async () => (await it.trail('letter.sent')).length >= 400, 'every letter to go out');
    const sent = await it.trail('letter.sent');
    const letters = await it.letters();
    expect(letters.map(({ purpose }) => purpose).sort()).toEqual(
      [...requests.map(() => 'document-receipt'), ...requests.map(() => 'document-request')].sort(),
    );
    expect(sent.map(({ subject }) => subject).sort()).toEqual(letters.map(({ _id }) => _id).sort());
    expect(letters.filter(({ state, possibleDouble }) => state !== 'sent' || possibleDouble)).toEqual([]);

    expect(await stage.services.trail.verifyChain(it.caseId)).toMatchObject({ ok: true });
    expect(await stage.incidents((await it.record()).instanceKey!)).toEqual([]);
  },
  testMs,
);
