import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/root.js';
import { constantOf, readDiagram, readDiagrams } from '../../local/check/diagrams.js';
import { glob } from '../../local/check/files.js';
import { formFaults, formTaskFaults, parseForm, readForms, unwordedRefusals } from '../../local/check/forms.js';
import { refusalsByDecision, refusalsIn } from '../../local/check/refusals.js';

const root = inProject();
const file = 'bpmn/sample/answer-request.form';

const sound = {
  id: 'answer-request',
  executionPlatform: 'Camunda Cloud',
  executionPlatformVersion: '8.6.0',
  schemaVersion: 17,
  components: [
    { type: 'text', id: 'Text_Title', text: '### Жауап / Ответ\n**{{caseNumber}}** [Іс / Дело]({{caseUrl}})' },
    {
      type: 'text',
      id: 'Text_Refusal',
      text: 'Неге / Почему {{if refusalReason = "own-case" then "… / …" else refusalReason}}',
      conditional: { hide: '=refusalReason = null' },
    },
    { type: 'checkbox', id: 'Field_granted', key: 'granted', label: 'Рұқсат / Разрешить' },
  ],
};
const formOf = (change: object) => parseForm(JSON.stringify({ ...sound, ...change }), file);
const withField = (field: object) => formOf({ components: [...sound.components, field] });

describe('forms', () => {
  test('those of the project are sound', async () => {
    const forms = await readForms(root);
    expect(forms.length).toBeGreaterThan(0);
    expect(forms.flatMap(formFaults)).toEqual([]);
  });

  test('each asks for what its task maps, no more and no less', async () => {
    expect(formTaskFaults(await readForms(root), await readDiagrams(root))).toEqual([]);
  });

  test('each puts in words every refusal that its decision can meet', async () => {
    const [forms, diagrams] = [await readForms(root), await readDiagrams(root)];
    const own = new Map<string, string[]>();
    for (const source of await glob(root, 'core', 'decisions.ts'))
      for (const [name, codes] of refusalsByDecision(await readFile(inProject(source), 'utf8'))) own.set(name, codes);
    // Not met by a user task: a decision that is not in the table, which names.test.ts excludes, and the answer to a request for a document.
    const notHere = ['unknown-action', 'not-addressee'];
    const general = (
      await Promise.all(
        ['core/rights.ts', 'workers/shared/record-decision.ts'].map(async (name) =>
          refusalsIn(await readFile(inProject(name), 'utf8')),
        ),
      )
    )
      .flat()
      .filter((code) => !notHere.includes(code));
    // What the table of rights answers in cases of another process only; a letter's address is corrected in all.
    const filing = ['filer', 'access-user'];
    const ofOthers: Record<string, string[]> = {
      inspection: filing,
      document: filing,
      'access-request': ['inspected', 'unit-head-concerned', 'other-unit'],
      'technical-request': ['inspected', 'unit-head-concerned', 'other-unit', ...filing],
    };
    const unworded = diagrams.flatMap(({ steps }) =>
      steps.flatMap((step) => {
        const decision = constantOf(step.inputs.get('decision'));
        const task = steps.find(({ id }) => id === constantOf(step.inputs.get('taskElementId')));
        const form = forms.find(({ id }) => id === task?.formId);
        const met = general.filter((code) => !(ofOthers[decision?.split('.')[0] ?? ''] ?? []).includes(code));
        return decision && form ? unwordedRefusals(form, [...met, ...(own.get(decision) ?? [])]) : [];
      }),
    );
    expect(general).toEqual(expect.arrayContaining(['inspected', 'no-role', 'person-unknown', 'answers-wrong']));
    expect(own.size).toBeGreaterThan(0);
    expect(unworded).toEqual([]);
  });
});

describe('what the checks of forms find', () => {
  test('nothing in a sound form', () => {
    expect(formFaults(formOf({}))).toEqual([]);
  });

  test.each(['textfield', 'textarea', 'number', 'html', 'filepicker', 'taglist', 'iframe'])('a %s', (type) => {
    expect(formFaults(withField({ type, id: 'Field_why', key: 'why', label: 'Неге / Почему' }))).toEqual([
      expect.stringContaining(`Field_why is a ${type}`),
    ]);
  });

  test.each<[string, object, string]>([
    ['an id that is not the file’s name', { id: 'other' }, "has to be the file's name"],
    ['a newer platform', { executionPlatformVersion: '8.8.0' }, 'execution platform'],
    ['a newer schema', { schemaVersion: 19 }, 'schemaVersion 19'],
    ['no link to the case', { components: sound.components.slice(1) }, 'has to link to the case file page'],
    [
      'no reason of a refusal',
      { components: [sound.components[0], sound.components[2]] },
      'has to say why a decision was refused',
    ],
  ])('%s', (_, change, fault) => {
    expect(formFaults(formOf(change))).toContainEqual(expect.stringContaining(fault));
  });

  test.each<[string, object, string]>([
    [
      'a label in one language',
      { type: 'checkbox', id: 'Field_a', key: 'a', label: 'Разрешить' },
      'label in Kazakh / Russian',
    ],
    [
      'a value in one language',
      { type: 'radio', id: 'Field_a', key: 'a', label: 'Иә / Да', values: [{ value: 'x', label: 'Yes' }] },
      'value x',
    ],
    [
      'a choice without values',
      { type: 'select', id: 'Field_a', key: 'a', label: 'Иә / Да' },
      'has to list its values',
    ],
    [
      'a moment in place of a date',
      { type: 'datetime', subtype: 'datetime', id: 'Field_a', key: 'a', label: 'Күні / Дата' },
      'date only',
    ],
    [
      'a sentence in one language',
      { type: 'text', id: 'Text_a', text: 'Күй / Состояние {{if state = "x" then "Ждать" else state}}' },
      'Text_a: "Ждать" has to be in Kazakh / Russian',
    ],
    ['a field without key', { type: 'checkbox', id: 'Field_a', label: 'Иә / Да' }, 'key in camel case'],
  ])('%s', (_, field, fault) => {
    expect(formFaults(withField(field))).toContainEqual(expect.stringContaining(fault));
  });

  test('a file that is no form', () => {
    expect(() => parseForm('{"id": "x"}', file)).toThrow(file);
  });

  test('an answer that the task does not map, and one that the form does not ask for', async () => {
    const xml = await readFile(inProject('test/fixtures/lint/valid-sample.bpmn'), 'utf8');
    const diagram = await readDiagram(xml, 'bpmn/sample/sample.bpmn');
    const renamed = formOf({
      components: [...sound.components.slice(0, 2), { ...sound.components[2], key: 'allowed' }],
    });
    expect(formTaskFaults([renamed], [diagram])).toEqual([
      expect.stringContaining("the form's answer allowed is not mapped"),
      expect.stringContaining('does not ask for granted'),
    ]);
  });

  test('a refusal without words', () => {
    expect(unwordedRefusals(formOf({}), ['own-case', 'case-closed'])).toEqual([
      `${file}: refusal case-closed is not put in words`,
    ]);
  });

  test('refusals of a decision are read from its source, compared and imported texts are not', () => {
    const source = `import x from './not-this.js';
      const a = defineDecision({ name: 'sample.answer', requires: ({ answers }) => {
        if (answers.kind === 'not-that') return 'first-code';
        return answers.ready ? null : Promise.resolve('second-code') && ready(answers) ? null : 'third-code';
      } });`;
    expect(refusalsByDecision(source)).toEqual(new Map([['sample.answer', ['first-code', 'third-code']]]));
    expect(refusalsIn("const f = () => refuse(closed ? 'case-closed' : 'inspected');")).toEqual([
      'case-closed',
      'inspected',
    ]);
  });
});
