import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { BpmnModdle } from 'bpmn-moddle';
import { glob } from './files.js';

/** What the checks read of a BPMN element; the rest of the model does not concern them. */
interface Element {
  $type: string;
  id: string;
  name?: string;
  flowElements?: Element[];
  rootElements?: Element[];
  extensionElements?: { values?: Extension[] };
  attachedToRef?: Element;
  eventDefinitions?: (Element & {
    errorRef?: Element & { errorCode?: string };
    timeDate?: { body: string };
    timeCycle?: { body: string };
  })[];
  messageRef?: Element;
  loopCharacteristics?: Element;
  conditionExpression?: { body: string };
}

interface Extension {
  $type: string;
  type?: string;
  processId?: string;
  formId?: string;
  decisionId?: string;
  correlationKey?: string;
  inputElement?: string;
  inputCollection?: string;
  listeners?: { eventType?: string; type?: string }[];
  inputParameters?: { source: string; target: string }[];
  outputParameters?: { source: string; target: string }[];
}

/** One element of a diagram with what it names. */
export interface Step {
  id: string;
  /** Local name of the BPMN type, e.g. `ServiceTask`. */
  kind: string;
  name: string;
  jobType?: string;
  /** Job type of the listener at its start. */
  listener?: string;
  calls?: string;
  formId?: string;
  decisionTable?: string;
  /** Code of the BPMN error that it catches, and the step it sits on. */
  error?: { code: string; on: string };
  message?: { name: string; correlationKey: string | undefined; startsProcess: boolean };
  inputs: Map<string, string>;
  outputs: Map<string, string>;
  /** Variable of a multi-instance body that holds one element. */
  each?: string;
  timeDate?: string;
  /** A timer that comes again and again. */
  timeCycle?: string;
}

export interface Diagram {
  /** Path from the project's root. */
  file: string;
  processId: string;
  steps: Step[];
  /** FEEL conditions of its flows. */
  conditions: { id: string; body: string }[];
}

const zeebe = createRequire(import.meta.url)('zeebe-bpmn-moddle/resources/zeebe.json') as object;

/** Reads all diagrams below a folder of the project, in the order of their paths. Throws naming the file that isn't BPMN. */
export async function readDiagrams(root: string, folder = 'bpmn'): Promise<Diagram[]> {
  const files = await glob(root, folder, '.bpmn');
  return Promise.all(files.map(async (file) => readDiagram(await readFile(path.join(root, file), 'utf8'), file)));
}

export async function readDiagram(xml: string, file: string): Promise<Diagram> {
  const moddle = new BpmnModdle({ zeebe });
  const { rootElement, warnings } = await moddle.fromXML(xml);
  if (warnings.length > 0) throw new Error(`${file}: ${warnings.map(({ message }) => message).join('; ')}`);
  const process = (rootElement as unknown as Element).rootElements?.find(({ $type }) => $type === 'bpmn:Process');
  if (!process) throw new Error(`${file}: has no process`);
  const elements = flatten(process, true);
  return {
    file,
    processId: process.id,
    steps: elements.filter(({ element }) => !isFlow(element)).map(({ element, top }) => stepOf(element, top)),
    conditions: elements
      .filter(({ element }) => element.conditionExpression)
      .map(({ element }) => ({ id: element.id, body: element.conditionExpression?.body ?? '' })),
  };
}

const isFlow = (element: Element): boolean => element.$type === 'bpmn:SequenceFlow';

function flatten(container: Element, top: boolean): { element: Element; top: boolean }[] {
  return (container.flowElements ?? []).flatMap((element) => [{ element, top }, ...flatten(element, false)]);
}

function stepOf(element: Element, top: boolean): Step {
  const find = (owner: Element, type: string): Extension | undefined =>
    owner.extensionElements?.values?.find(({ $type }) => $type === `zeebe:${type}`);
  const mapping = find(element, 'IoMapping');
  const events = element.eventDefinitions ?? [];
  const caught = events.find(({ errorRef }) => errorRef)?.errorRef;
  const awaited = element.messageRef ?? events.find(({ messageRef }) => messageRef)?.messageRef;
  const kind = element.$type.replace('bpmn:', '');
  return {
    id: element.id,
    kind,
    name: element.name ?? '',
    jobType: find(element, 'TaskDefinition')?.type,
    listener: find(element, 'ExecutionListeners')?.listeners?.find(({ eventType }) => eventType === 'start')?.type,
    calls: find(element, 'CalledElement')?.processId,
    formId: find(element, 'FormDefinition')?.formId,
    decisionTable: find(element, 'CalledDecision')?.decisionId,
    error: caught ? { code: caught.errorCode ?? '', on: element.attachedToRef?.id ?? '' } : undefined,
    message: awaited && {
      name: awaited.name ?? '',
      correlationKey: find(awaited, 'Subscription')?.correlationKey,
      startsProcess: kind === 'StartEvent' && top,
    },
    inputs: new Map((mapping?.inputParameters ?? []).map(({ target, source }) => [target, source])),
    outputs: new Map((mapping?.outputParameters ?? []).map(({ target, source }) => [target, source])),
    each: element.loopCharacteristics && find(element.loopCharacteristics, 'LoopCharacteristics')?.inputElement,
    timeDate: events.find(({ timeDate }) => timeDate)?.timeDate?.body,
    timeCycle: events.find(({ timeCycle }) => timeCycle)?.timeCycle?.body,
  };
}

/** A FEEL text constant, e.g. `="x"` -> `x`; undefined for anything else. */
export const constantOf = (expression: string | undefined): string | undefined =>
  /^=\s*"([^"]*)"$/.exec(expression ?? '')?.[1];
