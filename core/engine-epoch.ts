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
  /** Tides that were agreed with the engine, oldest first. The last ones may not have reached it. */
  tides?: Tide[];
  /** A backup was taken since the last tide. */
  backedUp?: boolean;
}

/**
 * A tide names a moment that database and engine share: the first start after each backup writes one into both. Where they don't agree, one of
 * them was restored to an earlier moment and the other was not.
 */
interface Tide {
  _id: string;
  deployed: boolean;
}

/** Stands for whatever the engine holds: somebody has looked and takes the two as they are. */
const anyTide = 'accepted';

/** Engine and database are of different moments: what one has done the other does not know. Nothing is worked on until somebody decides. */
export class EngineMismatchError extends Error {
  override readonly name = 'EngineMismatchError';
  constructor(readonly older: 'engine' | 'database') {
    super(
      older === 'engine'
        ? "the engine is of an earlier moment than the database: it was restored alone. It would do again, under the same keys, what was done since. Restore database and engine from the same backup (npm run restore); or see the administrator's guide for what to look at, and take them as they are by npm run restore -- --accept-engine"
        : "the database is of an earlier moment than the engine: it was restored alone. Steps that the engine takes for done are not in it. Restore database and engine from the same backup (npm run restore); or see the administrator's guide for what to look at, and take them as they are by npm run restore -- --accept-engine",
    );
  }
}

export const epochProcessId = 'engine-epoch';
export const tideProcessId = 'engine-tide';
const tidesKept = 20;
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
    await engine.deploy([resourceOf(epochProcessId, newId())]);
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
  await compareTides({ database, engine }, epoch);
  return epoch;
}

/**
 * Compares the engine's tide with the database's, and agrees on a new one after a backup. The database says first what it will tell the engine, so
 * that a crash in between is no mismatch; telling it twice is telling it once. @throws EngineMismatchError
 */
async function compareTides(deps: { database: Database; engine: EpochEngine }, epoch: string): Promise<void> {
  const { engine } = deps;
  const epochs = deps.database.connection.collection<EpochDocument>(collectionName);
  const atEngine = async (): Promise<string | null> => {
    const result = await engine.runToEnd({ processId: tideProcessId, version: -1, fetchVariables: ['tide'] });
    return result === null ? null : String(result.tide);
  };
  const look = async () => {
    // The engine first: what another start agrees on meanwhile is in the database before it is in the engine.
    const found = await atEngine();
    const { tides = [], backedUp = false } = (await epochs.findOne({ _id: epoch })) ?? {};
    return { found, tides, backedUp };
  };
  let seen = await look();
  // A database that never had a backup of its own takes the engine as it finds it.
  const stranger = seen.tides.length === 0 && !seen.backedUp;
  if (stranger && seen.found !== null)
    await epochs.updateOne(
      { _id: epoch, tides: { $exists: false } },
      { $set: { tides: [{ _id: seen.found, deployed: true }] } },
    );
  // A partition learns of a deployment a little later than it was accepted.
  for (let attempt = 0; !stranger && !agree(seen); attempt += 1) {
    if (attempt >= 30) {
      const { found, tides } = seen;
      throw new EngineMismatchError(found === null || tides.some(({ _id }) => _id === found) ? 'engine' : 'database');
    }
    await sleep(100);
    seen = await look();
  }
  if (seen.backedUp)
    await epochs.updateOne(
      { _id: epoch, backedUp: true },
      {
        $set: { backedUp: false },
        $push: { tides: { $each: [{ _id: newId(), deployed: false }], $slice: -tidesKept } },
      },
    );
  const now = (await epochs.findOne({ _id: epoch }))?.tides?.at(-1);
  if (!now || now.deployed) return;
  await engine.deploy([resourceOf(tideProcessId, now._id)]);
  for (let attempt = 0; (await atEngine()) !== now._id; attempt += 1) {
    if (attempt >= 50) throw new RetryableError(`process ${tideProcessId} was deployed but can't be started`);
    await sleep(100);
  }
  await epochs.updateOne({ _id: epoch, 'tides._id': now._id }, { $set: { 'tides.$.deployed': true } });
}

/** Whether what the engine holds is the last tide that was agreed with it, or one that was on its way to it. */
function agree({ found, tides }: { found: string | null; tides: readonly Tide[] }): boolean {
  const agreed = tides.findLastIndex(({ deployed }) => deployed);
  const known = agreed < 0 ? null : tides[agreed]!._id;
  const onTheirWay = tides.slice(agreed + 1).map(({ _id }) => _id);
  return known === anyTide || found === known || (found !== null && onTheirWay.includes(found));
}

/** A backup of the database is about to be taken: the next start agrees with the engine on another moment. */
export async function markBackup(database: Database): Promise<void> {
  await database.connection
    .collection<EpochDocument>(collectionName)
    .updateMany({}, { $set: { backedUp: true } }, { writeConcern: { w: 'majority', j: true } });
}

/** Database and engine are taken as they are, though they are of different moments. */
export async function acceptEngine(database: Database): Promise<void> {
  await database.connection
    .collection<EpochDocument>(collectionName)
    .updateMany({}, { $set: { tides: [{ _id: anyTide, deployed: true }], backedUp: true } });
}

/** The epoch that a worker met last, from MongoDB alone; null before the first. */
export async function newestEpoch(database: Database): Promise<string | null> {
  const newest = await database.connection
    .collection<EpochDocument>(collectionName)
    .findOne({}, { sort: { lastSeenAt: -1 } });
  return newest?._id ?? null;
}

function resourceOf(
  processId: typeof epochProcessId | typeof tideProcessId,
  id: string,
): { name: string; content: Buffer } {
  const [variable, name, about] =
    processId === epochProcessId
      ? ['epoch', 'Engine epoch', 'Made by the application: tells one life of the engine from another.']
      : ['tide', 'Engine tide', 'Made by the application: tells whether engine and database are of the same moment.'];
  return { name: `${processId}.bpmn`, content: Buffer.from(toldProcess({ processId, variable, name, about, id })) };
}

/** A process that answers with the id written into it. */
function toldProcess(told: Record<'processId' | 'variable' | 'name' | 'about' | 'id', string>): string {
  const { processId, variable, name, about, id } = told;
  const Part = variable === 'epoch' ? 'Epoch' : 'Tide';
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="Definitions_Engine${Part}" targetNamespace="http://bpmn.io/schema/bpmn">
  <bpmn:process id="${processId}" name="${name}" isExecutable="true">
    <bpmn:documentation>${about}</bpmn:documentation>
    <bpmn:startEvent id="StartEvent_Asked" name="${Part} asked"><bpmn:outgoing>Flow_Asked</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="Flow_Asked" sourceRef="StartEvent_Asked" targetRef="ScriptTask_Tell${Part}" />
    <bpmn:scriptTask id="ScriptTask_Tell${Part}" name="Tell ${variable}">
      <bpmn:extensionElements><zeebe:script expression="=&quot;${id}&quot;" resultVariable="${variable}" /></bpmn:extensionElements>
      <bpmn:incoming>Flow_Asked</bpmn:incoming><bpmn:outgoing>Flow_Told</bpmn:outgoing>
    </bpmn:scriptTask>
    <bpmn:sequenceFlow id="Flow_Told" sourceRef="ScriptTask_Tell${Part}" targetRef="EndEvent_Told" />
    <bpmn:endEvent id="EndEvent_Told" name="${Part} told"><bpmn:incoming>Flow_Told</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="Diagram_EngineEpoch">
    <bpmndi:BPMNPlane id="Plane_Engine${Part}" bpmnElement="${processId}">
      <bpmndi:BPMNShape id="StartEvent_Asked_di" bpmnElement="StartEvent_Asked"><dc:Bounds x="160" y="102" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="ScriptTask_Tell${Part}_di" bpmnElement="ScriptTask_Tell${Part}"><dc:Bounds x="250" y="80" width="100" height="80" /></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="EndEvent_Told_di" bpmnElement="EndEvent_Told"><dc:Bounds x="412" y="102" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="Flow_Asked_di" bpmnElement="Flow_Asked"><di:waypoint x="196" y="120" /><di:waypoint x="250" y="120" /></bpmndi:BPMNEdge>
      <bpmndi:BPMNEdge id="Flow_Told_di" bpmnElement="Flow_Told"><di:waypoint x="350" y="120" /><di:waypoint x="412" y="120" /></bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
`;
}
