import { describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import { drawnIn, neverPassed } from './diagram-coverage.js';

describe('what of the diagrams no instance came by', () => {
  test('is each node and each flow, those in subprocesses too, with its name or its ends', async () => {
    const drawn = await drawnIn();
    const all = new Set(drawn.map(({ processId, id }) => `${processId}/${id}`));
    expect(all.size).toBe(drawn.length);
    expect(neverPassed(drawn, all)).toEqual([]);

    all.delete('inspection/UserTask_ScreenTrigger');
    expect(neverPassed(drawn, all)).toEqual(['inspection: UserTask_ScreenTrigger Screen trigger']);

    const flow = drawn.find(({ name }) => name.includes('-> UserTask_ScreenTrigger'))!;
    all.delete(`inspection/${flow.id}`);
    expect(neverPassed(drawn, all)).toContain(`inspection: ${flow.id} ${flow.name}`);
  });

  test('is a flow behind an event-based gateway by its event, of which alone the engine keeps a record', async () => {
    const drawn = await drawnIn();
    const all = new Set(drawn.map(({ processId, id }) => `${processId}/${id}`));
    const flow = drawn.find(({ toldBy }) => toldBy === 'IntermediateCatchEvent_MovedMomentReached')!;
    all.delete(`${flow.processId}/${flow.id}`);
    expect(neverPassed(drawn, all)).toEqual([]);
    all.delete(`${flow.processId}/IntermediateCatchEvent_MovedMomentReached`);
    expect(neverPassed(drawn, all)).toContain(`${flow.processId}: ${flow.id} ${flow.name}`);
  });

  test('is told by process: the same id in another one counts for nothing', async () => {
    const drawn = await drawnIn(inProject('test', 'fixtures', 'processes'));
    const [one] = drawn;
    const elsewhere = new Set(drawn.slice(1).map(({ processId, id }) => `${processId}/${id}`));
    elsewhere.add(`elsewhere/${one!.id}`);
    expect(neverPassed(drawn, elsewhere)).toHaveLength(1);
  });
});
