import { readdirSync, readFileSync } from 'node:fs';
import { BpmnModdle } from 'bpmn-moddle';
import { inProject } from '../../config/index.js';

/** A flow node or a sequence flow of a diagram. */
export interface Drawn {
  processId: string;
  id: string;
  /** As drawn; a flow without a label says from where it leads to where. */
  name: string;
  /** The element whose completion tells that this was passed: of a flow behind an event-based gateway the engine records only the event. */
  toldBy?: string;
}

interface Element {
  id: string;
  $type: string;
  name?: string;
  sourceRef?: Element;
  targetRef?: Element;
  flowElements?: Element[];
}

/** Every flow node and sequence flow of every diagram below a folder, those in subprocesses too. */
export async function drawnIn(folder = inProject('bpmn')): Promise<Drawn[]> {
  const moddle = new BpmnModdle();
  const drawn: Drawn[] = [];
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.bpmn')) continue;
    const { rootElement } = await moddle.fromXML(readFileSync(`${folder}/${file}`, 'utf8'));
    for (const root of (rootElement as { rootElements: Element[] }).rootElements)
      if (root.$type === 'bpmn:Process') drawn.push(...elementsOf(root, root.id));
  }
  return drawn;
}

function elementsOf({ flowElements = [] }: Element, processId: string): Drawn[] {
  return flowElements.flatMap((element) => [
    {
      ...{ processId, id: element.id, name: nameOf(element) },
      ...(element.sourceRef?.$type === 'bpmn:EventBasedGateway' ? { toldBy: element.targetRef?.id } : {}),
    },
    ...elementsOf(element, processId),
  ]);
}

function nameOf({ $type, name, sourceRef, targetRef }: Element): string {
  if ($type !== 'bpmn:SequenceFlow') return name ?? '';
  return `${sourceRef?.id} -> ${targetRef?.id}${name ? ` (${name})` : ''}`;
}

/** What of `drawn` no instance came by, one line each. `passed`: `<process>/<element>`. */
export function neverPassed(drawn: readonly Drawn[], passed: ReadonlySet<string>): string[] {
  return drawn
    .filter(({ processId, id, toldBy = id }) => !passed.has(`${processId}/${toldBy}`))
    .map(({ processId, id, name }) => `${processId}: ${id}${name ? ` ${name}` : ''}`);
}

/** The elements that instances completed and the flows that they took, as `<process>/<element>`, in the engine's records. */
export async function passedOnEngine(opensearchUrl: string): Promise<Set<string>> {
  await fetch(`${opensearchUrl}/zeebe-record_process-instance_*/_refresh`, { method: 'POST' });
  const passed = new Set<string>();
  for (let after: unknown; ;) {
    const answer = await fetch(`${opensearchUrl}/zeebe-record_process-instance_*/_search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        size: 0,
        query: { terms: { intent: ['ELEMENT_COMPLETED', 'SEQUENCE_FLOW_TAKEN'] } },
        aggs: {
          passed: {
            composite: {
              size: 1000,
              sources: [
                { process: { terms: { field: 'value.bpmnProcessId' } } },
                { element: { terms: { field: 'value.elementId' } } },
              ],
              ...(after ? { after } : {}),
            },
          },
        },
      }),
    });
    if (!answer.ok) throw new Error(`OpenSearch answered ${answer.status}: ${await answer.text()}`);
    const { buckets, after_key: next } = (
      (await answer.json()) as {
        aggregations: { passed: { buckets: { key: { process: string; element: string } }[]; after_key?: unknown } };
      }
    ).aggregations.passed;
    for (const { key } of buckets) passed.add(`${key.process}/${key.element}`);
    if (!next) return passed;
    after = next;
  }
}
