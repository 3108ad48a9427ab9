import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import { named, staff } from '../builders/inspection.js';
import { onInterrupt } from '../helpers/on-interrupt.js';
import type { InspectionCase } from './inspection-case.js';
import { TechnicalCase } from '../technical-request/technical-case.js';
import { openStage, testMs, type Stage } from './stage.js';

/** An organisation that set no terms where the act is silent: its clocks run without a moment, and nothing waits for one. */
const organisation = 'test-without-terms';
const file = inProject('config', 'organisation', `${organisation}.json`);
let stage: Stage;
let it: InspectionCase;
let letGo: (() => void) | undefined;

const removed = async (): Promise<void> => Promise.resolve(rmSync(file, { force: true }));

beforeAll(async () => {
  const demo = JSON.parse(readFileSync(inProject('config', 'organisation', 'demo.json'), 'utf8')) as object;
  letGo = onInterrupt(removed);
  writeFileSync(file, JSON.stringify({ ...demo, terms: {} }));
  stage = await openStage({ env: { ORGANISATION: organisation } });
  await stage.toWorkingMorning();
  it = await stage.file({ employees: named(staff.ofCentralOffice) });
  await it.screened({ nit: true });
  await it.asked({}, 4);
}, testMs);
afterAll(async () => {
  await stage?.close();
  await removed();
  letGo?.();
}, testMs);

test(
  'no clock of it has a moment, and months later nobody was reminded and nothing reported',
  async () => {
    const silent = () => Promise.all(['DL-INS-3', 'DL-INS-4', 'DL-INS-5'].map((rule) => it.clocks(rule)));
    await it.waitFor(async () => (await it.clocks('DL-INS-3')).length === 4, 'four clocks DL-INS-3');
    await it.waitFor(async () => (await it.clocks('DL-INS-4')).length === 2, 'two clocks DL-INS-4');
    await stage.travel({ days: 120 });
    await stage.allHadTheirTurn();
    const clocks = (await silent()).flat();
    expect(clocks.map(({ rule }) => rule).sort()).toEqual([
      ...['DL-INS-3', 'DL-INS-3', 'DL-INS-3', 'DL-INS-3', 'DL-INS-4', 'DL-INS-4', 'DL-INS-5'],
    ]);
    for (const clock of clocks) expect(clock).toMatchObject({ targetAt: null, dueAt: null, reports: [] });
    expect(await it.trail('document.reminded')).toEqual([]);
    expect(
      await stage.engine.userTasks({ variable: { name: 'caseNumber', value: it.number }, state: 'CREATED' }),
    ).toEqual([]);
  },
  testMs,
);

test(
  'the inspection comes to its end all the same, and each clock was stopped',
  async () => {
    await it.documented();
    await it.studied();
    await it.found(false);
    await it.concluded();
    expect(await it.ended()).toMatchObject({ outcome: 'not-confirmed' });
    for (const clock of await it.clocks()) expect([clock.rule, clock.state]).toEqual([clock.rule, 'stopped']);
  },
  testMs,
);

test(
  'a technical question is answered, and its clock has no moment',
  async () => {
    const question = await TechnicalCase.file(stage);
    await stage.as('is.admin');
    expect(await question.classifies('other')).toBeNull();
    await question.writes('resolution', { text: 'Нұсқаулық 3-бөлімде.' });
    expect(await question.decides('UserTask_AnswerRequest', { answerReady: true })).toBeNull();
    expect(await question.ended()).toMatchObject({ outcome: 'answered' });
    const silent = { basis: 'silent', targetAt: null, dueAt: null, state: 'stopped', kept: null };
    expect(await question.clock('DL-TECH-2')).toMatchObject(silent);
  },
  testMs,
);
