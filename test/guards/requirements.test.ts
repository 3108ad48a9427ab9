import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import { citedIn, idsOf, readRows, rowFaults, type Row } from './requirements.js';

/** The page that says of each requirement where it is met: whoever cites one, or moves a file, is told which row to edit. */
const page = 'docs/reference/requirements.md';
const rows = readRows(page, readFileSync(inProject(page), 'utf8'));
const wanted = [
  ...[...idsOf('INS', 35, 2), ...idsOf('DL-INS', 8, 1)],
  ...[...idsOf('ACC', 58, 2), ...idsOf('DL-ACC', 8, 1)],
  ...[...idsOf('TECH', 44, 2), ...idsOf('DL-TECH', 7, 1)],
];

describe('the page of requirements', () => {
  test('has each id once and in order, with an answer, files that are there, and a test for what is met', () => {
    expect(rowFaults(rows, wanted, (file) => existsSync(inProject(file)))).toEqual([]);
  });

  test('has a row for each id that diagrams, code and settings cite', () => {
    const cited = ['bpmn', 'workers', 'core', 'api', 'connectors', 'config'].flatMap((folder) =>
      readdirSync(inProject(folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.(bpmn|dmn|form|json|md|tsx?)$/.test(file))
        .flatMap((file) =>
          citedIn(readFileSync(inProject(folder, file), 'utf8')).map((id) => ({ id, file: path.join(folder, file) })),
        ),
    );
    expect(cited.length).toBeGreaterThan(100);
    const known = new Set(rows.map(({ id }) => id));
    expect(cited.filter(({ id }) => !known.has(id))).toEqual([]);
  });
});

describe('what tells that the page is wrong', () => {
  const met: Row = { id: 'INS-01', answer: 'met', note: '', where: ['core/a.ts'], proofs: ['test/a.test.ts'] };
  const faultsOf = (...given: Partial<Row>[]): string[] =>
    rowFaults(
      given.map((row) => ({ ...met, ...row })),
      ['INS-01', 'INS-02'],
      (file) => !file.includes('gone'),
    );

  test('nothing in sound rows', () => {
    expect(faultsOf({}, { id: 'INS-02', answer: 'not yet', where: [], proofs: [] })).toEqual([]);
  });

  test.each<[string, Partial<Row>[], string]>([
    ['a row that is not there', [{}], 'INS-02: no row'],
    ['one twice', [{}, { id: 'INS-02' }, {}], 'INS-01: a second row'],
    ['one of no requirement', [{}, { id: 'INS-02' }, { id: 'INS-03' }], 'INS-03: no such requirement'],
    ['another order', [{ id: 'INS-02' }, {}], 'INS-02: out of order, INS-01 belongs here'],
    ['a word of its own', [{ answer: 'nearly met' }, { id: 'INS-02' }], 'INS-01: "nearly met" is no answer'],
    ['in part without what is missing', [{ answer: 'met in part' }, { id: 'INS-02' }], 'INS-01: what is missing?'],
    ['met by nothing', [{ where: [] }, { id: 'INS-02' }], 'INS-01: met where?'],
    ['met without a test', [{ proofs: [] }, { id: 'INS-02' }], 'INS-01: what proves it?'],
    ['a file that is gone', [{ where: ['core/gone.ts'] }, { id: 'INS-02' }], 'INS-01: core/gone.ts is not there'],
    ['a test as product', [{ where: ['test/a.test.ts'] }, { id: 'INS-02' }], 'INS-01: test/a.test.ts is a test'],
    ['a helper as test', [{ proofs: ['test/a.ts'] }, { id: 'INS-02' }], 'INS-01: test/a.ts is no test'],
  ])('%s', (_, given, fault) => {
    expect(faultsOf(...given)).toEqual([fault]);
  });

  test('rows as they are written, other tables left out', () => {
    const text = [
      '| id | item | asks for | how it is met | where | what proves it |',
      '| --- | --- | --- | --- | --- | --- |',
      '| DL-INS-1 | R9 | soon | met in part: a; b | [a](../../core/a.ts), [b](b.md#there) | [t](../../test/t.test.ts) |',
      '| INS-01 | R1 | all | met | — | — |',
    ].join('\n');
    expect(readRows(page, text)).toEqual([
      {
        ...{ id: 'DL-INS-1', answer: 'met in part', note: 'a; b' },
        ...{ where: ['core/a.ts', 'docs/reference/b.md'], proofs: ['test/t.test.ts'] },
      },
      { id: 'INS-01', answer: 'met', note: '', where: [], proofs: [] },
    ]);
  });

  test.each([
    ['R9, INS-26, INS-27.', ['INS-26', 'INS-27']],
    ['TECH-01\n * to -12, -30', ['TECH-01', 'TECH-12', 'TECH-30']],
    ['ACC-02, -05 and -08', ['ACC-02', 'ACC-05', 'ACC-08']],
    ['DL-INS-10, AMB-ACC-15, F-ACC-44, INS-2026-000017, ACC-123', []],
  ])('%j cites %j', (source, ids) => {
    expect(citedIn(source)).toEqual(ids);
  });
});
