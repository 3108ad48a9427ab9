import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { registeredView } from '../../api/cases/shapes.js';
import { newInspection } from '../../api/inspection/schemas.js';
import { inProject } from '../../config/index.js';
import { loadDeadlineTable } from '../../core/deadline-table.js';
import { roles } from '../../core/rights.js';
import { createMetrics } from '../../workers/metrics.js';

/** Examples on the pages are copied by readers: they have to work as they stand. */
const read = (...path: string[]): string => readFileSync(inProject(...path), 'utf8');
const readme = read('README.md');

describe('the README', () => {
  test('files an application that the API takes', () => {
    const [, body = ''] = /-d '(\{[\s\S]*?\n {2}\})'/.exec(readme) ?? [];
    expect(newInspection.safeParse(JSON.parse(body))).toMatchObject({ success: true });
  });

  test('shows an answer of the form that the API gives', () => {
    const [, answer = ''] = /```json\n([\s\S]*?)```/.exec(readme) ?? [];
    const shown = JSON.parse(answer) as object;
    expect(registeredView.safeParse(shown)).toMatchObject({ success: true });
    expect(Object.keys(shown).sort()).toEqual(Object.keys(registeredView.shape).sort());
  });

  test('names users that the development identity provider has', () => {
    const { users } = JSON.parse(read('local', 'identity', 'users.json')) as {
      users: { login: string; password: string }[];
    };
    const logins = new Map(users.map(({ login, password }) => [login, password]));
    const table = readme.slice(readme.indexOf('### Who signs in as whom'), readme.indexOf('## Where things are'));
    const named = [...table.matchAll(/^\| (`.*?`) *(?:and others )? *\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, login = '']) => login),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((login) => logins.get(login) !== 'demo')).toEqual([]);
  });
});

describe("the administrator's guide", () => {
  const guide = read('docs', 'guides', 'administrator.md');

  test('names roles that the table of rights knows', () => {
    const [, list = ''] = /in the claim `roles`: ([^.]*)\./.exec(guide) ?? [];
    const named = [...list.matchAll(/`([^`]+)`/g)].map(([, role = '']) => role);
    expect(named.sort()).toEqual(roles.filter((role) => role !== 'registrar-machine').sort());
  });

  test('names metrics that the processes serve', async () => {
    const names = new Set((await createMetrics('test').registry.getMetricsAsJSON()).map(({ name }) => name));
    const named = [...guide.matchAll(/`(merzim_[a-z_]+)/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !names.has(name))).toEqual([]);
  });

  test('gives the columns of the directory as its file has them', () => {
    const [header = ''] = read('local', 'demo', 'directory.csv').split('\n');
    const [, columns = ''] = /`(employee_id, [\s\S]*?)`/.exec(guide) ?? [];
    expect(columns.split(/,\s+/)).toEqual(header.trim().split(','));
  });
});

describe("the operator's guide", () => {
  const guide = read('docs', 'guides', 'operator.md');

  test('has a line for each clock of the inspection', async () => {
    const { rows } = await loadDeadlineTable();
    const rules = [...new Set(rows.filter(({ process }) => process === 'inspection').map(({ rule }) => rule))];
    const named = [...guide.matchAll(/^\| (DL-INS-\d+)/gm)].map(([, rule = '']) => rule);
    expect(named).toEqual(rules.sort());
  });

  test('has a line for each task of the processes', () => {
    const files = [
      'inspection/inspection',
      'inspection/inspection-nit-extract',
      'inspection/inspection-offence-report',
      'access-request/access-request',
      'technical-request/technical-request',
    ];
    const tasks = [...files, 'shared/document-request', 'shared/send-letter'].flatMap((file) =>
      [...read('bpmn', `${file}.bpmn`).matchAll(/<bpmn:userTask id="[^"]+" name="([^"]+)"/g)].map(
        ([, name = '']) => name,
      ),
    );
    const named = [...guide.matchAll(/^\| \*\*([^*]+)\*\*/gm)].map(([, name = '']) => name);
    expect(named.sort()).toEqual(tasks.sort());
  });
});
