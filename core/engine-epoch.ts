import { setTimeout as sleep } from 'node:timers/promises';
import { ensureCollection } from './collections.js';
import type { Database } from './database.js';
import { RetryableError } from './errors.js';
import { isId, newId } from './ids.js';

/**
 * An epoch names one life of an engine. A wiped engine issues the same keys anew, so a key means something only together with its
 * epoch. The epoch is kept by the engine itself, written into a small process that is deployed to it: a wiped engine no longer
 * has that process, gets a new one, and with it a new epoch.
 */
export interface EngineEpoch {
  /** The epoch of the engine that is connected. Asks the engine the first time and after {@link forget}. */
  current(): Promise<string>;
  /** To be called when the connection broke: the engine that answers next may be another one. */
  forget(): void;
}

/** What an epoch needs of the engine. */
export interface EpochEngine {
  runToEnd(request: {
    processId: string;
    version: number;
    fetchVariables: string[];
  }): Promise<Record<string, unknown> | null>;
  deploy(resources: { name: string; content: Buffer }[]): Promise<unknown>;
}

interface EpochDocument {
  _id: string;
  firstSeenAt: Date;
  lastSeenAt: Date;
}

export const epochProcessId = 'engine-epoch';
const collectionName = 'engine-epochs';

export function createEngineEpoch({ database, engine }: { database: Database; engine: EpochEngine }): EngineEpoch {
  let known: Promise<string> | null = null;
  return {
    current: () => {
      const asking = known ?? ask({ database, engine });
      known = asking;
      asking.catch(() => {
        if (known === asking) known = null;
      });
      return asking;
    },
    forget: () => {
      known = null;
    },
  };
}

/**
 * Asks for version 1 always: when several processes deploy to a new engine at once, the first one's version decides for all. A partition
 * learns of a deployment a little later than it was accepted; until then it answers as if there were none.
 */
async function ask({ database, engine }: { database: Database; engine: EpochEngine }): Promise<string> {
  const read = async (): Promise<string | null> => {
    const result = await engine.runToEnd({ processId: epochProcessId, version: 1, fetchVariables: ['epoch'] });
    if (result === null) return null;
    const { epoch } = result;
    if (typeof epoch !== 'string' || !isId(epoch))
      throw new RetryableError(`process ${epochProcessId} answered without an epoch`);
    return epoch;
  };
  let epoch = await read();
  if (epoch === null) {
    await engine.deploy([{ name: `${epochProcessId}.bpmn`, content: Buffer.from(epochProcess(newId())) }]);
    for (let attempt = 0; epoch === null && attempt < 50; attempt += 1) {
      epoch = await read();
      if (epoch === null) await sleep(100);
    }
    if (epoch === null) throw new RetryableError(`process ${epochProcessId} was deployed but can't be started`);
  }
  await ensureCollection(database.connection, collectionName);
  const now = database.clock.wallNow();
  await database.connection
    .collection<EpochDocument>(collectionName)
    .updateOne({ _id: epoch }, { $setOnInsert: { firstSeenAt: now }, $set: { lastSeenAt: now } }, { upsert: true });
  return epoch;
}

/** The epoch that a worker met last, from MongoDB alone; null before the first. */
export async function newestEpoch(database: Database): Promise<string | null> {
  const newest = await database.connection
    .collection<EpochDocument>(collectionName)
    .findOne({}, { sort: { lastSeenAt: -1 } });
  return newest?._id ?? null;
}

/** The process that answers with the epoch written into it. */
function epochProcess(epoch: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="Definitions_EngineEpoch" targetNamespace="http://bpmn.io/schema/bpmn">
  <bpmn:process id="${epochProcessId}" name="Engine epoch" isExecutable="true">
    <bpmn:documentation>Made by the application: tells one life of the engine from another.</bpmn:documentation>
    <bpmn:startEvent id="StartEvent_Asked" name="Epoch asked"><bpmn:outgoing>Flow_Asked</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="Flow_Asked" sourceRef="StartEvent_Asked" targetRef="ScriptTask_TellEpoch" />
    <bpmn:scriptTask id="ScriptTask_TellEpoch" name="Tell epoch">
      <bpmn:extensionElements><zeebe:script expression="=&quot;${epoch}&quot;" resultVariable="epoch" /></bpmn:extensionElements>
      <bpmn:incoming>Flow_Asked</bpmn:incoming><bpmn:outgoing>Flow_Told</bpmn:outgoing>
    </bpmn:scriptTask>
    <bpmn:sequenceFlow id="Flow_Told" sourceRef="ScriptTask_TellEpoch" targetRef="EndEvent_Told" />
    <bpmn:endEvent id="EndEvent_Told" name="Epoch told"><bpmn:incoming>Flow_Told</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="Diagram_EngineEpoch">
    <bpmndi:BPMNPlane id="Plane_EngineEpoch" bpmnElement="${epochProcessId}">
      <bpmndi:BPMNShape id="StartEvent_Asked_di" bpmnElement="StartEvent_Asked"><dc:Bounds x="160" y="102" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="ScriptTask_TellEpoch_di" bpmnElement="ScriptTask_TellEpoch"><dc:Bounds x="250" y="80" width="100" height="80" /></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="EndEvent_Told_di" bpmnElement="EndEvent_Told"><dc:Bounds x="412" y="102" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="Flow_Asked_di" bpmnElement="Flow_Asked"><di:waypoint x="196" y="120" /><di:waypoint x="250" y="120" /></bpmndi:BPMNEdge>
      <bpmndi:BPMNEdge id="Flow_Told_di" bpmnElement="Flow_Told"><di:waypoint x="350" y="120" /><di:waypoint x="412" y="120" /></bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
`;
}
