import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { lineOf, openErasureList } from '../../core/erasure-list.js';
import type { Erasure } from '../../core/erasures.js';
import { newId } from '../../core/ids.js';

const folder = mkdtempSync(path.join(tmpdir(), 'merzim-erasures-'));
const file = path.join(folder, 'erasures.jsonl');
const list = openErasureList(file);
const erasure = (): Erasure => ({
  ...{ _id: newId(), kind: 'person', ground: 'DPO-2026-17', by: 'dpo' },
  at: new Date('2026-03-02T05:00:00Z'),
});

beforeEach(() => rmSync(file, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the list of erasures outside the database', () => {
  test('has nothing where there is no file, and what was added after that, once each', () => {
    const [one, two] = [erasure(), erasure()];
    expect(list.read()).toEqual([]);
    list.add([one]);
    list.add([one, two]);
    expect(list.read()).toEqual([one, two]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test.each([1, 20, 60])('is whole again after a line of which %i characters were written', (written) => {
    const [one, two, three] = [erasure(), erasure(), erasure()];
    list.add([one]);
    appendFileSync(file, lineOf(two).slice(0, written));
    expect(list.read()).toEqual([one]);
    list.add([two, three]);
    expect(list.read()).toEqual([one, two, three]);
  });

  test('is refused with the line that somebody has changed', () => {
    list.add([erasure(), erasure(), erasure()]);
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, [lines[0], lines[1]!.replace('person', 'nobody'), lines[2], ''].join('\n'));
    expect(() => list.read()).toThrow(`${file}: line 2 is no erasure`);
  });

  test('can not be added to where its folder is not there', () => {
    expect(() => openErasureList(path.join(folder, 'gone', 'x')).add([erasure()])).toThrow('ENOENT');
  });
});
