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

const archived = (day: number) =>
  waitFor(() => stage.services.technicalArchives.find(isoDay(day)), `the archive of ${isoDay(day)}`, patienceMs);
const passed = async (): Promise<number> => (await stage.instancesPast('EndEvent_NothingArchived')).length;

test(
  'each day the timer looks whether the period has passed: at first, and a week later, all requests are put away; between nothing is',
  async () => {
    const it = await TechnicalCase.file(stage);
    const first = dayNumber(localDay(await stage.now(), zone)) + 1;
    const toNightOf = (day: number) => stage.travel({ to: new Date(atLocalTime(day, '00:36', zone)) });
    await toNightOf(first);
    const { file } = await archived(first);
    expect(readFileSync(path.join(folder, file), 'utf8')).toContain(it.number);
    const before = await passed();
    await toNightOf(first + 1);
    await waitFor(async () => (await passed()) > before, 'a day without an archive', patienceMs);
    expect(await stage.services.technicalArchives.find(isoDay(first + 1))).toBeNull();
    await toNightOf(first + 7);
    await archived(first + 7);
    expect(readdirSync(folder).filter((name) => name.endsWith('.csv'))).toHaveLength(2);
  },
  testMs,
);
