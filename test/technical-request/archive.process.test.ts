import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { atLocalTime, dayNumber, isoDay, localDay } from '../../core/legal-day.js';
import { waitFor } from '../../local/play/tasks.js';
import { openStage, patienceMs, testMs, type Stage } from '../inspection/stage.js';
import { TechnicalCase } from './technical-case.js';

const zone = 'Asia/Almaty';
let folder: string;
let stage: Stage;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'merzim-archive-'));
  stage = await openStage({ env: { ARCHIVE_FOLDER: folder, ARCHIVE_EVERY: 'P7D' } });
  await stage.toWorkingMorning();
  await stage.as('is.admin');
}, testMs);
afterAll(async () => {
  await stage?.close();
  rmSync(folder, { recursive: true, force: true });
}, testMs);

const today = async (): Promise<number> => dayNumber(localDay(await stage.now(), zone));
const toNightOf = (day: number) => stage.travel({ to: new Date(atLocalTime(day, '00:36', zone)) });
const archives = () => readdirSync(folder).filter((name) => name.endsWith('.csv'));
const passed = async (): Promise<number> => (await stage.instancesPast('EndEvent_NothingArchived')).length;

test(
  'each day the timer looks whether the period has passed: at first, and a week later, all requests are put away; between nothing is',
  async () => {
    const { technicalArchives } = stage.services;
    // The first is of this night, or of one that the way to the morning led over.
    await toNightOf((await today()) + 1);
    await waitFor(() => technicalArchives.last(), 'the first archive', patienceMs);
    const it = await TechnicalCase.file(stage);
    const before = await passed();
    const between = (await today()) + 1;
    await toNightOf(between);
    await waitFor(async () => (await passed()) > before, 'a day without an archive', patienceMs);
    await stage.allHadTheirTurn();
    expect(await technicalArchives.find(isoDay(between))).toBeNull();
    const { _id: begun } = (await technicalArchives.last())!;
    const written = archives().length;
    const next = dayNumber(begun) + 7;
    await toNightOf(next);
    const { file } = await waitFor(() => technicalArchives.find(isoDay(next)), 'the next archive', patienceMs);
    expect(readFileSync(path.join(folder, file), 'utf8')).toContain(it.number);
    expect(archives()).toHaveLength(written + 1);
  },
  testMs,
);
