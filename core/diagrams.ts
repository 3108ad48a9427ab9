import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { BpmnModdle } from 'bpmn-moddle';
import { inProject } from '../config/index.js';

/** An element of a diagram that has a name. */
export interface DiagramElement {
  /** Id in the BPMN file, e.g. `UserTask_ScreenTrigger`. */
  id: string;
  /** As drawn, English. */
  name: string;
  /** What the diagram says of it in Russian, to its first full stop and without the items of the act; '' where it says nothing. */
  documentation: string;
}

/** A process as it is drawn: one BPMN file. */
export interface Diagram {
  processId: string;
  name: string;
  xml: string;
  /** By id. */
  elements: ReadonlyMap<string, DiagramElement>;
}

interface Drawn {
  id: string;
  $type: string;
  name?: string;
  documentation?: { text?: string }[];
  flowElements?: Drawn[];
}

/**
 * The diagrams of a folder of `bpmn/` with those that every process shares, by process id, its own first. Throws when a file is no BPMN.
 */
export async function readDiagrams(folder: string): Promise<ReadonlyMap<string, Diagram>> {
  const moddle = new BpmnModdle();
  const found = new Map<string, Diagram>();
  for (const each of [folder, 'shared'])
    for (const file of readdirSync(inProject('bpmn', each)).sort((a, b) => a.length - b.length)) {
      if (!file.endsWith('.bpmn')) continue;
      const xml = await readFile(inProject('bpmn', each, file), 'utf8');
      const { rootElement } = await moddle.fromXML(xml);
      const process = (rootElement as { rootElements: Drawn[] }).rootElements.find(
        ({ $type }) => $type === 'bpmn:Process',
      );
      if (!process) throw new Error(`bpmn/${each}/${file} draws no process`);
      const elements = new Map(named(process).map((element) => [element.id, element]));
      found.set(process.id, { processId: process.id, name: process.name ?? process.id, xml, elements });
    }
  return found;
}

function named({ flowElements = [] }: Drawn): DiagramElement[] {
  return flowElements.flatMap((element) => [
    ...(element.name && element.$type !== 'bpmn:SequenceFlow'
      ? [{ id: element.id, name: element.name, documentation: firstSentence(element.documentation?.[0]?.text ?? '') }]
      : []),
    ...named(element),
  ]);
}

/** `R5, INS-12. Запросить записку работника. ...` says what it does in the first sentence that has a Russian word. */
function firstSentence(text: string): string {
  return (
    text
      .split(/(?<=[.;:])\s+/)
      .find((sentence) => /[а-я]{3}/.test(sentence))
      ?.replace(/[.;:]$/, '') ?? ''
  );
}
