import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { inProject } from '../../config/root.js';
import { messages } from '../../core/messages.js';
import { readDiagram, readDiagrams, type Diagram } from '../../local/check/diagrams.js';
import { glob } from '../../local/check/files.js';
import { readForms } from '../../local/check/forms.js';
import { compareNames, type CodeFacts } from '../../local/check/names.js';
import { variableFaults, variablesOf } from '../../local/check/variables.js';
import type { AnyWorker } from '../../workers/define-worker.js';
import { decisions, workers } from '../../workers/registry.js';

const root = inProject();
const shapeOf = (schema: z.ZodType): Record<string, z.ZodType> => (schema as z.ZodObject).shape;

/** Inputs of a worker that can't be left out. */
const requiredInputs = (declared: readonly AnyWorker[]) => (type: string) => {
  const worker = declared.find((candidate) => candidate.type === type);
  if (!worker) return [];
  return Object.entries(shapeOf(worker.input as z.ZodType))
    .filter(([, schema]) => !schema.safeParse(undefined).success)
    .map(([name]) => name);
};

async function factsOfCode(): Promise<CodeFacts> {
  const sources = await Promise.all(
    (await glob(root, 'workers', '.ts')).map(async (file) => ({
      file,
      source: await readFile(path.join(root, file), 'utf8'),
    })),
  );
  const fileOf = (type: string): string =>
    sources.find(({ source }) => source.includes(`type: '${type}'`))?.file ?? 'workers/registry.ts';
  const tables = await Promise.all(
    (await glob(root, 'bpmn', '.dmn')).map(async (file) => readFile(path.join(root, file), 'utf8')),
  );
  return {
    workers: workers.map((worker) => ({
      type: worker.type,
      title: worker.title,
      errors: worker.errors,
      inputs: Object.keys(shapeOf(worker.input as z.ZodType)),
      outputs: Object.keys(shapeOf(worker.output as z.ZodType)),
      file: fileOf(worker.type),
    })),
    decisions: decisions.map(({ name, answers }) => ({ name, answers: Object.keys(shapeOf(answers)) })),
    messages: Object.values(messages).map(({ name }) => name),
    decisionTables: tables.flatMap((table) => [...table.matchAll(/<decision id="([^"]+)"/g)].map(([, id]) => id ?? '')),
    forms: (await readForms(root)).map(({ id, file }) => ({ id, file })),
  };
}

describe('names in diagrams and code', () => {
  test('every name in a diagram is declared, and every declared one is drawn', async () => {
    expect(compareNames(await readDiagrams(root), await factsOfCode())).toEqual([]);
  });

  test('each step has what its worker takes, and maps what it returns', async () => {
    const faults = variableFaults(await readDiagrams(root), await factsOfCode(), requiredInputs(workers));
    expect(faults).toEqual([]);
  });

  test('every variable that a diagram sets is in the dictionary', async () => {
    const dictionary = await readFile(inProject('bpmn/README.md'), 'utf8');
    const set = (await readDiagrams(root)).flatMap(({ file, steps }) =>
      steps.flatMap(({ inputs, outputs, each }) =>
        [...inputs.keys(), ...outputs.keys(), ...(each ? [each] : [])].map((name) => ({ file, name })),
      ),
    );
    const missing = set.filter(({ name }) => !dictionary.includes(`\`${name}\``));
    expect(missing.map(({ file, name }) => `bpmn/README.md: explain ${name} of ${file} in the dictionary`)).toEqual([]);
  });

  test('every worker has a file of its own, and the registry has them all', async () => {
    const files = (await glob(root, 'workers', '.ts')).filter((file) => file.split('/').length === 3);
    const sources = await Promise.all(
      files.map(async (file) => ({ file, source: await readFile(path.join(root, file), 'utf8') })),
    );
    const unlisted = sources.flatMap(({ file, source }) => {
      const type = /defineWorker\(\{\s*type: '([^']+)'/.exec(source)?.[1];
      return type && !workers.some((worker) => worker.type === type)
        ? [`${file}: add ${type} to workers/registry.ts`]
        : [];
    });
    expect(unlisted).toEqual([]);
    expect(new Set(workers.map(({ type }) => type)).size).toBe(workers.length);
  });
});

describe('what the comparison finds', () => {
  const sample: CodeFacts = {
    workers: [
      {
        type: 'sample.check-request',
        title: 'Check request',
        errors: [],
        inputs: ['caseId'],
        outputs: [],
        file: 'workers/sample/check-request.ts',
      },
      {
        type: 'decision.record',
        title: 'Record decision',
        errors: [],
        inputs: ['decision', 'taskElementId', 'decisionSubject', 'answers'],
        outputs: ['decisionAccepted', 'refusalReason'],
        file: 'workers/shared/record-decision.ts',
      },
      {
        type: 'task.announce',
        title: 'Announce task',
        errors: [],
        inputs: ['caseId', 'caseNumber', 'decision', 'decisionSubject'],
        outputs: [],
        file: 'workers/shared/announce-task.ts',
      },
    ],
    decisions: [{ name: 'sample.answer-request', answers: ['granted'] }],
    messages: ['sample.request-registered', 'sample.answer-received'],
    decisionTables: [],
    forms: [{ id: 'answer-request', file: 'bpmn/sample/answer-request.form' }],
  };
  let xml: string;
  beforeAll(async () => {
    xml = await readFile(inProject('test/fixtures/lint/valid-sample.bpmn'), 'utf8');
  });
  const called = async (): Promise<Diagram[]> => {
    const empty = (processId: string): Diagram => ({
      file: `bpmn/shared/${processId}.bpmn`,
      processId,
      steps: [],
      conditions: [],
    });
    return [empty('send-letter'), empty('report-clock')];
  };
  const faultsOf = async (code: Partial<CodeFacts>, edit: [string, string] = ['', '']): Promise<string[]> => {
    if (edit[0] !== '') expect(xml).toContain(edit[0]);
    const diagram = await readDiagram(xml.replace(...edit), 'bpmn/sample/sample.bpmn');
    return compareNames([diagram, ...(await called())], { ...sample, ...code });
  };

  test('nothing where both agree', async () => {
    expect(await faultsOf({})).toEqual([]);
  });

  test('a job type without a worker, and a worker without a step', async () => {
    expect(await faultsOf({}, ['type="sample.check-request"', 'type="sample.look-at-request"'])).toEqual([
      expect.stringContaining('job type sample.look-at-request is not declared; add it to workers/registry.ts'),
      expect.stringContaining('workers/registry.ts: job type sample.check-request is in no diagram'),
    ]);
  });

  test('a step that is called otherwise than its worker', async () => {
    expect(await faultsOf({}, ['name="Check request"', 'name="Look at request"'])).toEqual([
      expect.stringContaining("'Look at request' carries out sample.check-request"),
    ]);
  });

  test('a worker in a file of another name', async () => {
    const [check, ...others] = sample.workers;
    const moved = { ...check!, file: 'workers/sample/check.ts' };
    expect(await faultsOf({ workers: [moved, ...others] })).toEqual([
      'workers/sample/check.ts: the worker of sample.check-request belongs in workers/sample/check-request.ts',
    ]);
  });

  test('an error that no event catches', async () => {
    const [check, ...others] = sample.workers;
    expect(await faultsOf({ workers: [{ ...check!, errors: ['SAMPLE_REFUSED'] }, ...others] })).toEqual([
      expect.stringContaining('error SAMPLE_REFUSED is caught by no event'),
    ]);
  });

  test.each<[string, Partial<CodeFacts>, string]>([
    [
      'a message that no code sends',
      { messages: ['sample.request-registered'] },
      'message sample.answer-received is not declared',
    ],
    [
      'a message that nothing awaits',
      { messages: [...sample.messages, 'sample.lost'] },
      'message sample.lost is in no diagram',
    ],
    ['a decision that is not declared', { decisions: [] }, 'decision sample.answer-request is not declared'],
    [
      'an answer that the decision does not know',
      { decisions: [{ name: 'sample.answer-request', answers: ['granted', 'why'] }] },
      'answer why',
    ],
    ['a form that is missing', { forms: [] }, 'form answer-request is not declared'],
    [
      'a form that lies elsewhere',
      { forms: [{ id: 'answer-request', file: 'bpmn/shared/answer-request.form' }] },
      'belongs in bpmn/sample/',
    ],
    ['a decision table that nothing asks', { decisionTables: ['unused'] }, 'decision table unused is in no diagram'],
  ])('%s', async (_, code, fault) => {
    expect(await faultsOf(code)).toContainEqual(expect.stringContaining(fault));
  });

  test('a call of a process that is not drawn, and a process that nothing starts', async () => {
    const faults = await faultsOf({}, ['processId="send-letter"', 'processId="post-letter"']);
    expect(faults).toEqual([
      expect.stringContaining('calls post-letter, which no diagram draws'),
      'bpmn/shared/send-letter.bpmn: no message and no timer starts it, and no diagram calls it',
    ]);
  });

  test.each<[string, [string, string], string]>([
    ['an input that nothing provides', ['source="=clockId"', 'source="=lostId"'], 'reads lostId'],
    ['a timer on a variable that nothing provides', ['=targetAt<', '=lostAt<'], 'the timer reads lostAt'],
    ['an input that the worker does not take', ['target="taskElementId"', 'target="element"'], 'maps element, which'],
    [
      'an output that the worker does not return',
      ['source="=refusalReason"', 'source="=reason"'],
      'maps reason, which',
    ],
  ])('%s', async (_, edit, fault) => {
    expect(xml).toContain(edit[0]);
    const given = xml.replace('id="StartEvent_RequestRegistered"', 'id="StartEvent_RequestRegistered"');
    const diagram = await readDiagram(given.replace(...edit), 'bpmn/sample/sample.bpmn');
    const brought: Diagram = {
      file: 'bpmn/sample/caller.bpmn',
      processId: 'caller',
      conditions: [],
      steps: [
        {
          id: 'CallActivity_Sample',
          kind: 'CallActivity',
          name: '',
          calls: 'sample',
          inputs: new Map(['caseId', 'caseNumber', 'clockId', 'targetAt', 'issGroup'].map((name) => [name, '="x"'])),
          outputs: new Map(),
        },
      ],
    };
    const noMessage = { ...diagram, steps: diagram.steps.map((step) => ({ ...step, message: undefined })) };
    const faults = variableFaults([noMessage, brought], sample, () => []);
    expect(faults).toContainEqual(expect.stringContaining(fault));
  });

  test.each([
    ['=if offenceSigns = null then [] else offenceSigns', ['offenceSigns']],
    ['={a: b, c: "d"}', ['b']],
    ['=string(date(date and time(date and time(startedAt), timeZone)))', ['startedAt', 'timeZone']],
    ['=[issGroup]', ['issGroup']],
    ['constant', []],
  ])('%s reads %j', (expression, names) => {
    expect(variablesOf(expression)).toEqual(names);
  });
});
