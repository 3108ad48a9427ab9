import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import type { BasisFacts } from '../../core/access-request/checks.js';
import { missingBases, type MissingBasis } from '../../core/access-request/model.js';
import type { Engine } from '../../workers/engine.js';
import { testEngine } from '../helpers/stack.js';

/** The decision table of the basis (R22, R23, R29, R30), evaluated by the engine from the file that is deployed. */

jest.setTimeout(60_000);

const file = inProject('bpmn', 'access-request', 'access-basis.dmn');
let engine: Engine;
beforeAll(async () => {
  engine = testEngine();
  await engine.deploy([{ name: 'access-basis.dmn', content: await readFile(file) }]);
});
afterAll(() => engine.close());

/** A first request of a state body for its staff, on an order of this year with its copy. */
const good: BasisFacts = {
  ...{ requestKind: 'provide', basisAge: 'withinYear', basisCopied: true },
  ...{ applicantStanding: 'eligible', staffStanding: 'attested', exceptionCited: false },
};
/** What each row is for; the first that fits decides, so the later ones are asked with what the earlier ones let pass. */
const rows: [
  row: number,
  what: string,
  changes: Partial<BasisFacts>,
  answer: string,
  missingBasis: MissingBasis | null,
][] = [
  [1, 'a block without an order', { requestKind: 'block', basisAge: 'none' }, 'manualReview', 'noBasisOrder'],
  [
    1,
    'also of who is no acting staff',
    { requestKind: 'block', basisAge: 'none', staffStanding: 'notActing' },
    'manualReview',
    'noBasisOrder',
  ],
  [2, 'a block on an order', { requestKind: 'block' }, 'ok', null],
  [
    2,
    'of who left, on an old order without a copy',
    { requestKind: 'block', basisAge: 'tooOld', basisCopied: false, staffStanding: 'notActing' },
    'ok',
    null,
  ],
  [
    3,
    'an applicant who is no state body or public institution',
    { applicantStanding: 'other' },
    'noBasis',
    'noLegalException',
  ],
  [3, 'one who is on no list', { applicantStanding: 'unknown' }, 'noBasis', 'noLegalException'],
  [
    3,
    'a change of rights for such a one',
    { applicantStanding: 'other', requestKind: 'change' },
    'noBasis',
    'noLegalException',
  ],
  [
    3,
    'a repeated application of such a one',
    { applicantStanding: 'unknown', requestKind: 'repeat' },
    'noBasis',
    'noLegalException',
  ],
  [4, 'a user who is no acting staff', { staffStanding: 'notActing' }, 'noBasis', 'notEligibleStaff'],
  [
    4,
    'a change of rights for such a one',
    { staffStanding: 'notActing', requestKind: 'change' },
    'noBasis',
    'notEligibleStaff',
  ],
  [
    4,
    'a repeated application for such a one',
    { staffStanding: 'notActing', requestKind: 'repeat' },
    'noBasis',
    'notEligibleStaff',
  ],
  [5, 'a first request without an order', { basisAge: 'none', basisCopied: false }, 'noBasis', 'noBasisOrder'],
  [
    5,
    'one of others without an order where a norm is cited',
    { applicantStanding: 'other', exceptionCited: true, basisAge: 'none', basisCopied: false },
    'noBasis',
    'noBasisOrder',
  ],
  [6, 'one on an order older than a year', { basisAge: 'tooOld' }, 'noBasis', 'basisTooOld'],
  [
    6,
    'one of others on such an order where a norm is cited',
    { applicantStanding: 'unknown', exceptionCited: true, basisAge: 'tooOld' },
    'noBasis',
    'basisTooOld',
  ],
  [7, 'one on an order of a day to come', { basisAge: 'inFuture' }, 'noBasis', 'basisInFuture'],
  [
    7,
    'one of others on such an order where a norm is cited',
    { applicantStanding: 'other', exceptionCited: true, basisAge: 'inFuture' },
    'noBasis',
    'basisInFuture',
  ],
  [8, 'one without a copy of the order', { basisCopied: false }, 'noBasis', 'basisCopyMissing'],
  [
    8,
    'one for no acting staff without a copy where a norm is cited',
    { staffStanding: 'notActing', exceptionCited: true, basisCopied: false },
    'noBasis',
    'basisCopyMissing',
  ],
  [9, 'others where a norm is cited', { applicantStanding: 'other', exceptionCited: true }, 'manualReview', null],
  [
    9,
    'no acting staff where a norm is cited',
    { staffStanding: 'notActing', exceptionCited: true },
    'manualReview',
    null,
  ],
  [
    9,
    'a change for others on an old order where a norm is cited',
    { requestKind: 'change', applicantStanding: 'other', exceptionCited: true, basisAge: 'tooOld' },
    'manualReview',
    null,
  ],
  [10, 'one on a good order, for attested staff', {}, 'ok', null],
  [10, 'one on a good order, for acting staff', { staffStanding: 'acting' }, 'ok', null],
  [11, 'a change on a good order', { requestKind: 'change' }, 'ok', null],
  [12, 'a change on an old order', { requestKind: 'change', basisAge: 'tooOld' }, 'manualReview', null],
  [
    12,
    'a change without an order',
    { requestKind: 'change', basisAge: 'none', basisCopied: false },
    'manualReview',
    null,
  ],
  [12, 'a change without a copy', { requestKind: 'change', basisCopied: false }, 'manualReview', null],
  [13, 'a repeated application', { requestKind: 'repeat', basisAge: 'none', basisCopied: false }, 'manualReview', null],
];

test.each(rows)('row %i: %s', async (_row, _what, changes, answer, missingBasis) => {
  expect(await engine.evaluateDecision('access-basis', { ...good, ...changes })).toEqual({
    check: answer,
    missingBasis,
  });
});

test('each row of the file, and each basis that may be missing, is asked for above', async () => {
  const inFile = [...(await readFile(file, 'utf8')).matchAll(/<rule id="Rule_(\d+)">/g)].map(([, row]) => Number(row));
  expect([...new Set(rows.map(([row]) => row))]).toEqual(inFile);
  expect(new Set(rows.map((row) => row[4]))).toEqual(new Set([...missingBases, null]));
});
