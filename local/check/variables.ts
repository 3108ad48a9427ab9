import type { Diagram, Step } from './diagrams.js';
import type { CodeFacts } from './names.js';

/** What the message that starts a process brings (the transaction that writes its outbox entry). */
export const startVariables: Record<string, readonly string[]> = {
  inspection: ['caseId', 'caseNumber'],
  'inspection-offence-report': ['caseId', 'caseNumber', 'signId'],
  'inspection-referral': ['referralId'],
  'technical-request-referral': ['referralId'],
  'account-violation': ['violationId'],
};

/**
 * The data contract, read from the drawing: each step gets what its worker requires, maps only what its worker returns, and each
 * process is called with all that its steps use. `required` names a worker's inputs that can't be left out.
 */
export function variableFaults(
  diagrams: readonly Diagram[],
  code: Pick<CodeFacts, 'workers'>,
  required: (type: string) => string[],
): string[] {
  return diagrams.flatMap((diagram) => {
    const known = new Set([...givenTo(diagram, diagrams), ...diagram.steps.flatMap(provides)]);
    return diagram.steps.flatMap((step) => {
      const worker = code.workers.find(({ type }) => type === step.jobType);
      const at = `${diagram.file} ${step.id}`;
      const faults: string[] = [];
      for (const [target, source] of step.inputs)
        for (const name of variablesOf(source))
          if (!known.has(name))
            faults.push(`${at}: input ${target} reads ${name}, which nothing in ${diagram.processId} provides`);
      for (const name of variablesOf(step.timeDate ?? ''))
        if (!known.has(name))
          faults.push(`${at}: the timer reads ${name}, which nothing in ${diagram.processId} provides`);
      for (const name of step.listener === undefined ? [] : required(step.listener))
        if (!step.inputs.has(name) && !known.has(name))
          faults.push(`${at}: ${step.listener} needs ${name}, which nothing provides`);
      if (worker) {
        for (const name of required(worker.type))
          if (!step.inputs.has(name) && !known.has(name))
            faults.push(`${at}: ${worker.type} needs ${name}, which nothing provides`);
        for (const name of step.inputs.keys())
          if (!worker.inputs.includes(name)) faults.push(`${at}: maps ${name}, which ${worker.file} does not take`);
        for (const source of step.outputs.values())
          for (const name of variablesOf(source))
            if (!worker.outputs.includes(name))
              faults.push(`${at}: maps ${name}, which ${worker.file} does not return`);
        for (const name of worker.outputs)
          if (![...step.outputs.values()].includes(`=${name}`))
            faults.push(`${at}: leaves out ${name}, which ${worker.file} returns`);
      }
      return faults;
    });
  });
}

/** Variables that a process starts with, whoever starts it: those that every caller and its start message bring. */
function givenTo(diagram: Diagram, diagrams: readonly Diagram[]): string[] {
  const calls = diagrams.flatMap(({ steps }) => steps).filter(({ calls }) => calls === diagram.processId);
  const sources = calls.map(({ inputs }) => [...inputs.keys()]);
  const message = diagram.steps.some((step) => step.message?.startsProcess);
  if (message) sources.push([...(startVariables[diagram.processId] ?? [])]);
  const [first = [], ...rest] = sources;
  return first.filter((name) => rest.every((source) => source.includes(name)));
}

const provides = ({ inputs, outputs, each }: Step): string[] => [
  ...inputs.keys(),
  ...outputs.keys(),
  ...(each ? [each] : []),
];

const words = new Set([
  'if',
  'then',
  'else',
  'null',
  'true',
  'false',
  'and',
  'or',
  'not',
  'in',
  'for',
  'return',
  'some',
  'every',
  'satisfies',
]);

/** Variables that a FEEL expression reads: names that are no keyword, function, key of a context or text. */
export function variablesOf(expression: string): string[] {
  if (!expression.startsWith('=')) return [];
  const bare = expression
    .slice(1)
    .replace(/"[^"]*"/g, '')
    .replace(/\w+( \w+)*\(/g, '(')
    .replace(/\w+:/g, '');
  return [...new Set(bare.match(/[A-Za-z_]\w*/g) ?? [])].filter((word) => !words.has(word));
}
