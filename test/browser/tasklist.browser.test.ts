import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { createText } from '../../core/text.js';
import { awaitForms } from '../../local/play/deployed.js';
import { named, staff } from '../builders/inspection.js';
import { openWindow, startChromium } from '../helpers/chromium.js';
import { testStack } from '../helpers/stack.js';
import type { InspectionCase } from '../inspection/inspection-case.js';
import { openStage, testMs, type Stage } from '../inspection/stage.js';

const password = 'demo';
const says = createText('ru', { timeZone: 'Asia/Almaty' });

let stage: Stage;
let browser: Browser;
beforeAll(async () => {
  stage = await openStage();
  // A task that is older than Tasklist's knowledge of its form never shows it.
  await awaitForms(testStack().env['OPENSEARCH_URL']!);
  browser = await startChromium();
}, testMs);
afterAll(async () => {
  await browser?.close();
  await stage?.close();
}, testMs);

/** Gives a fresh window, and closes it whatever happens. */
async function inWindow(work: (page: Page, window: BrowserContext) => Promise<void>): Promise<void> {
  const window = await openWindow(browser);
  try {
    await work(await window.newPage(), window);
  } finally {
    await window.close();
  }
}

async function signInToTasklist(page: Page, login: string): Promise<void> {
  await page.goto(testStack().env['TASKLIST_URL']!);
  await page.getByLabel('Username').fill(login);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.getByRole('button', { name: 'Login' }).click();
}

/** Signs in by OpenID Connect, from the page that was asked for and back to it. */
async function signInToPages(page: Page, login: string, path: string): Promise<void> {
  await page.getByRole('link', { name: says.say('page.sign-in'), exact: true }).click();
  await page.getByLabel('Логин').fill(login);
  await page.getByLabel('Пароль').fill(password);
  await page.getByRole('button', { name: 'Войти' }).click();
  await page.waitForURL(`${testStack().settings.web.publicUrl}${path}`);
}

/** A form of the case file page, by the key of its title. */
function command(page: Page, titleKey: string): Locator {
  return page.locator('details', { has: page.getByText(says.say(titleKey), { exact: true }) });
}

/** Adds a document on the case file page. */
async function addsDocument(page: Page, name: string): Promise<void> {
  const documents = command(page, 'command.documents');
  await documents.locator('summary').click();
  await documents
    .getByLabel(says.say('field.file'))
    .setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from('Кезек журналының көшірмесі\n') });
  await documents.getByRole('button', { name: says.say('action.send') }).click();
}

async function downloads(page: Page, name: string): Promise<void> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()]);
  expect(download.suggestedFilename()).toBe(name);
}

/** Opens the open task of a case from the list. Returns its key. */
async function openTask(page: Page, it: InspectionCase, elementId: string): Promise<string> {
  const { key } = await it.task(elementId);
  const card = page.locator(`a[href*="/tasklist/${key}"]`);
  // The card names the case: otherwise all tasks of a kind would look the same.
  await card.filter({ hasText: it.number }).click();
  await page.getByText(it.number, { exact: true }).last().waitFor();
  return key;
}

async function take(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Assign to me' }).click();
  await page.getByText('Assigned to me').waitFor();
}

async function complete(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Complete Task' }).click();
}

/** Chooses a value of a form. Its own radio button is hidden under the drawn one; who clicks hits the label. */
async function choose(page: Page, label: string): Promise<void> {
  await page.locator('label', { hasText: label }).click();
  expect(await page.getByRole('radio', { name: label }).isChecked()).toBe(true);
}

const question = 'Өтініш 4-тармаққа жата ма? / Относится ли к пункту 4?';

describe('a task in Tasklist', () => {
  test(
    'an officer takes it, answers its form and completes it: the case moves on',
    async () => {
      const it = await stage.file({ employees: named(staff.ofCentralOffice) });

      await inWindow(async (page, window) => {
        await signInToTasklist(page, 'iss.central');
        await openTask(page, it, 'UserTask_ScreenTrigger');
        await page.getByRole('heading', { name: 'Өтінішті қарау / Рассмотрение обращения' }).waitFor();
        await page.getByText(question).waitFor();
        expect(await page.getByText('Предыдущее решение не записано').count()).toBe(0);

        const link = page.getByRole('link', { name: 'Іс материалдарын ашу / Открыть материалы дела' });
        const [casePage] = await Promise.all([window.waitForEvent('page'), link.click()]);
        // Tasklist's sign-in is not ours: the page asks for its own.
        await signInToPages(casePage, 'iss.central', `/cases/${it.number}`);
        const noExtract = command(casePage, 'command.no-extract-reason');
        await noExtract.locator('summary').click();
        await noExtract.getByLabel(says.say('field.reason')).fill('Жүйелерден үзінді қажет емес.');
        await noExtract.getByRole('button', { name: says.say('action.save') }).click();
        await casePage.getByText('Жүйелерден үзінді қажет емес.').first().waitFor();
        // Tasklist's own pages are sandboxed; a page that is opened from one has to be able to download all the same.
        const name = 'кезек-журналы.txt';
        await addsDocument(casePage, name);
        await downloads(casePage, name);
        await casePage.close();

        await take(page);
        await choose(page, 'Иә / Да');
        await choose(page, 'Орталық аппарат / Центральный аппарат');
        await complete(page);
        await it.waitFor(async () => (await it.inspection()).screening, 'the screening');
      });

      const officer = await stage.as('iss.central');
      expect((await officer.get(`/api/cases/${it.number}`)).body).toMatchObject({
        state: 'open',
        screening: { result: 'inScope', by: 'iss.central' },
      });
      expect(await it.decisions()).toMatchObject([
        { decision: 'inspection.screen-trigger', by: 'iss.central', accepted: true, answers: { nitNeeded: false } },
      ]);
      expect(await it.asked({}, 4)).toHaveLength(4);
    },
    testMs,
  );

  test(
    'completed by somebody who may not: it comes back and says why, and the case has not moved',
    async () => {
      const it = await stage.file({ employees: named(staff.ofCentralOffice) });

      await inWindow(async (page) => {
        await signInToTasklist(page, 'registrar');
        const refused = await openTask(page, it, 'UserTask_ScreenTrigger');
        await take(page);
        await choose(page, 'Жоқ / Нет');
        await complete(page);
        await it.trailed('decision.refused');

        const again = await it.waitFor(async () => {
          const { key } = await it.task('UserTask_ScreenTrigger');
          return key === refused ? null : key;
        }, 'the task that opens again');
        await page.goto(testStack().env['TASKLIST_URL']!);
        expect(await openTask(page, it, 'UserTask_ScreenTrigger')).toBe(again);
        await page.getByText('Алдыңғы шешім тіркелмеді / Предыдущее решение не записано').waitFor();
        await page
          .getByText(
            'Тапсырманы аяқтаған адамның рөлі бұл шешімге құқық бермейді. / Роль завершившего задачу не даёт права на это решение.',
          )
          .waitFor();
        // What the other one answered is gone.
        expect(await page.getByRole('radio', { checked: true }).count()).toBe(0);
        await page.getByRole('button', { name: 'Assign to me' }).waitFor();
      });

      const officer = await stage.as('iss.central');
      expect((await officer.get(`/api/cases/${it.number}`)).body).toMatchObject({ state: 'open', screening: null });
      expect(await it.decisions()).toMatchObject([{ by: 'registrar', accepted: false, refusal: 'no-role' }]);
    },
    testMs,
  );
});

test(
  'an officer signs in to the pages, names an employee, adds a document and signs out',
  async () => {
    const it = await stage.file({ employees: named(staff.ofAlmaty) });
    const address = `${testStack().settings.web.publicUrl}/cases/${it.number}`;
    const name = 'кезек-журналы.txt';

    await inWindow(async (page) => {
      await page.goto(address);
      await signInToPages(page, 'iss.ala', `/cases/${it.number}`);
      await page.getByRole('heading', { level: 1, name: it.number }).waitFor();

      const employees = command(page, 'command.employees');
      await employees.locator('summary').click();
      await employees.getByRole('combobox').selectOption(staff.alsoOfAlmaty);
      await employees.getByRole('button', { name: says.say('action.save') }).click();
      const { fullName } = (await stage.services.directory.employee(staff.alsoOfAlmaty))!;
      await page.getByRole('heading', { level: 3, name: fullName }).waitFor();

      await addsDocument(page, name);
      await downloads(page, name);

      await page.getByRole('button', { name: /^Выйти \(/ }).click();
      await page.getByRole('button', { name: 'Выйти', exact: true }).click();
      await page
        .getByText('Вы вышли')
        .or(page.getByRole('link', { name: says.say('page.sign-in') }))
        .first()
        .waitFor();
      await page.goto(address);
      await page.getByRole('link', { name: says.say('page.sign-in'), exact: true }).waitFor();
      expect(await page.getByText(fullName).count()).toBe(0);
    });

    expect((await it.inspection()).lines.map(({ employeeId }) => employeeId)).toEqual([
      staff.ofAlmaty,
      staff.alsoOfAlmaty,
    ]);
    expect(await it.documents()).toMatchObject([{ addedBy: 'iss.ala' }]);
  },
  testMs,
);
