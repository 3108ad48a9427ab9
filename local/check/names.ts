import { constantOf, type Diagram, type Step } from './diagrams.js';

/** What the code declares, as far as diagrams name it. */
export interface CodeFacts {
  workers: {
    type: string;
    title: string;
    errors: readonly string[];
    inputs: string[];
    outputs: string[];
    file: string;
  }[];
  /** Decisions that `decision.record` knows, with the answers of their form. */
  decisions: { name: string; answers: string[] }[];
  messages: string[];
  decisionTables: string[];
  forms: { id: string; file: string }[];
}

/** Job type whose step is drawn once for each user task. */
const recordsDecision = 'decision.record';

/** Every name that a diagram uses and the code doesn't have, or the other way round; each with the file to edit. */
export function compareNames(diagrams: readonly Diagram[], code: CodeFacts): string[] {
  const steps = diagrams.flatMap((diagram) => diagram.steps.map((step) => ({ diagram, step })));
  return [
    ...jobFaults(steps, code),
    ...errorFaults(diagrams, code),
    ...callFaults(diagrams, steps),
    ...both(
      'message',
      steps.flatMap(({ diagram, step }) => named(diagram, step, step.message?.name)),
      code.messages,
      'core/messages.ts',
    ),
    ...both(
      'decision',
      steps.flatMap(({ diagram, step }) =>
        step.jobType === recordsDecision ? named(diagram, step, constantOf(step.inputs.get('decision'))) : [],
      ),
      code.decisions.map(({ name }) => name),
      'core/<process>/decisions.ts',
    ),
    ...both(
      'decision table',
      steps.flatMap(({ diagram, step }) => named(diagram, step, step.decisionTable)),
      code.decisionTables,
      'bpmn/shared/*.dmn',
    ),
    ...both(
      'form',
      steps.flatMap(({ diagram, step }) => named(diagram, step, step.formId)),
      code.forms.map(({ id }) => id),
      'bpmn/<process>/*.form',
    ),
    ...answerFaults(steps, code),
    ...formPlaceFaults(steps, code),
  ];
}

interface Placed {
  diagram: Diagram;
  step: Step;
}

type Use = { name: string; where: string };

const named = (diagram: Diagram, step: Step, name: string | undefined): Use[] =>
  name === undefined ? [] : [{ name, where: `${diagram.file} ${step.id}` }];

/** Names used in diagrams that aren't declared, and declared ones that no diagram uses. */
function both(what: string, uses: readonly Use[], declared: readonly string[], declaredIn: string): string[] {
  const used = new Set(uses.map(({ name }) => name));
  return [
    ...uses
      .filter(({ name }) => !declared.includes(name))
      .map(
        ({ name, where }) => `${where}: ${what} ${name} is not declared; add it to ${declaredIn} or mend the diagram`,
      ),
    ...declared
      .filter((name) => !used.has(name))
      .map((name) => `${declaredIn}: ${what} ${name} is in no diagram; draw it or remove it`),
  ];
}

function jobFaults(steps: readonly Placed[], code: CodeFacts): string[] {
  const jobs = steps.filter(({ step }) => step.jobType !== undefined);
  const faults = both(
    'job type',
    steps.flatMap(({ diagram, step }) => [
      ...named(diagram, step, step.jobType),
      ...named(diagram, step, step.listener),
    ]),
    code.workers.map(({ type }) => type),
    'workers/registry.ts',
  );
  for (const { type, title, file } of code.workers) {
    const [scope, verbObject = ''] = type.split('.');
    const shared = file.startsWith('workers/shared/');
    const wanted = shared ? `workers/shared/${kebab(title)}.ts` : `workers/${scope}/${verbObject}.ts`;
    if (file !== wanted) faults.push(`${file}: the worker of ${type} belongs in ${wanted}`);
    const own = jobs.filter(({ step }) => step.jobType === type);
    for (const { diagram, step } of own) {
      if (!step.name.startsWith(title) && !(own.length > 1 && step.name.startsWith(title.split(' ')[0] ?? '')))
        faults.push(
          `${diagram.file} ${step.id}: '${step.name}' carries out ${type}, whose worker is called '${title}'`,
        );
      if (own.length === 1 && type !== recordsDecision && step.id !== `ServiceTask_${pascal(title)}`)
        faults.push(
          `${diagram.file} ${step.id}: the one step of ${type} has to have the id ServiceTask_${pascal(title)}`,
        );
    }
  }
  return faults;
}

function errorFaults(diagrams: readonly Diagram[], code: CodeFacts): string[] {
  const faults: string[] = [];
  const caught = new Set<string>();
  for (const { file, steps } of diagrams) {
    for (const { id, error } of steps) {
      if (!error) continue;
      const type = steps.find((step) => step.id === error.on)?.jobType ?? '';
      caught.add(`${type} ${error.code}`);
      if (!code.workers.some((worker) => worker.type === type && worker.errors.includes(error.code)))
        faults.push(
          `${file} ${id}: no worker of ${type || error.on} declares the error ${error.code}; edit the worker's errors or the diagram`,
        );
    }
  }
  for (const { type, errors, file } of code.workers)
    for (const error of errors)
      if (!caught.has(`${type} ${error}`))
        faults.push(`${file}: error ${error} is caught by no event on a step of ${type}`);
  return faults;
}

function callFaults(diagrams: readonly Diagram[], steps: readonly Placed[]): string[] {
  const processes = diagrams.map(({ processId }) => processId);
  const faults = steps
    .filter(({ step }) => step.calls !== undefined && !processes.includes(step.calls))
    .map(({ diagram, step }) => `${diagram.file} ${step.id}: calls ${step.calls}, which no diagram draws`);
  for (const { file, processId } of diagrams) {
    if (path(file) !== processId) faults.push(`${file}: its process ${processId} has to have the file's name`);
    const called = steps.some(({ step }) => step.calls === processId);
    const started = steps.some(({ diagram, step }) => diagram.processId === processId && step.message?.startsProcess);
    const timed = steps.some(
      ({ diagram, step }) => diagram.processId === processId && step.kind === 'StartEvent' && step.timeCycle,
    );
    if (!called && !started && !timed)
      faults.push(`${file}: no message and no timer starts it, and no diagram calls it`);
  }
  return faults;
}

/** What the step records has to be what the decision's schema knows. */
function answerFaults(steps: readonly Placed[], code: CodeFacts): string[] {
  return steps.flatMap(({ diagram, step }) => {
    const decision = code.decisions.find(({ name }) => name === constantOf(step.inputs.get('decision')));
    if (step.jobType !== recordsDecision || !decision) return [];
    const recorded = [...(step.inputs.get('answers') ?? '').matchAll(/(\w+):/g)].map(([, name]) => name ?? '');
    const differ = [
      ...recorded.filter((name) => !decision.answers.includes(name)),
      ...decision.answers.filter((name) => !recorded.includes(name)),
    ];
    return differ.map(
      (name) =>
        `${diagram.file} ${step.id}: answer ${name} is not both in its mapping and in ${decision.name} (core/<process>/decisions.ts)`,
    );
  });
}

/** A form lies beside the diagram whose task shows it. */
function formPlaceFaults(steps: readonly Placed[], code: CodeFacts): string[] {
  return steps.flatMap(({ diagram, step }) => {
    const form = code.forms.find(({ id }) => id === step.formId);
    const wanted = `${diagram.file.split('/').slice(0, -1).join('/')}/${step.formId}.form`;
    return form && form.file !== wanted ? [`${form.file}: the form of ${step.id} belongs in ${wanted}`] : [];
  });
}

const path = (file: string): string => file.split('/').at(-1)?.replace('.bpmn', '') ?? '';
const kebab = (title: string): string => title.toLowerCase().replaceAll(' ', '-');
const pascal = (title: string): string =>
  title
    .split(/[ -]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
