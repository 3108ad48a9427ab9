/**
 * `npm run check`: everything that needs no running stack. Each step says what it found; all run, two at a time, and the exit code is 1 when one of them
 * failed. `npm run check -- lint diagrams` runs only those steps.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { inProject } from '../config/root.js';
import { systemClock } from '../core/clock.js';
import { checkCalendars } from './calendar/check.js';
import { glob } from './check/files.js';
import { lintDiagrams } from './check/lint-diagrams.js';
import {
  askAudit,
  checkAudit,
  checkLicences,
  faultsOfBill,
  makeBill,
  readAccepted,
  writeBill,
} from './check/packages.js';
import { faultyTemplates } from './check/templates.js';
import { checkTerms } from './check/terms.js';
import { deployOnTestEngine } from './check/test-engine.js';

const root = inProject();

interface Step {
  name: string;
  /** Throws with what is wrong; returns what was checked. */
  run: () => Promise<string>;
}

/** Runs a tool of node_modules; what it said is shown at once with how it ended, because two steps run at a time. */
const tool =
  (bin: string, ...args: string[]) =>
  async (): Promise<string> => {
    const command = [path.join(root, 'node_modules', bin), ...args];
    const options = bin.startsWith('jest') ? ['--experimental-vm-modules', '--no-warnings'] : [];
    const child = spawn(process.execPath, [...options, ...command], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => said.push(part));
    const [code] = (await once(child, 'close')) as [number | null];
    process.stdout.write(Buffer.concat(said));
    if (code !== 0) throw new Error(`${path.basename(bin)} found faults`);
    return 'no fault';
  };

const steps: Step[] = [
  { name: 'types', run: tool('typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json') },
  { name: 'lint', run: tool('eslint/bin/eslint.js', '.') },
  { name: 'format', run: tool('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.') },
  {
    name: 'diagrams',
    run: async () => {
      const files = await glob(root, 'bpmn', '.bpmn');
      const findings = await lintDiagrams(root, files);
      for (const { file, rule, elementId, message } of findings)
        console.error(`${file} ${elementId}: ${message} (${rule})`);
      if (findings.length > 0) throw new Error(`bpmnlint found ${findings.length} faults`);
      return `${files.length} diagrams, no fault`;
    },
  },
  {
    name: 'calendars',
    run: () => {
      const { tables, accepted } = checkCalendars();
      return Promise.resolve(`${tables.length} tables, ${accepted} accepted differences from the packages of holidays`);
    },
  },
  {
    name: 'templates',
    run: () => {
      const faulty = faultyTemplates();
      for (const { type, errors } of faulty) console.error(`element template of ${type}: ${JSON.stringify(errors)}`);
      if (faulty.length > 0) throw new Error(`Camunda Modeler would refuse ${faulty.length} element templates`);
      return Promise.resolve('each is one that Camunda Modeler takes');
    },
  },
  {
    name: 'terms',
    run: async () => {
      const faults = await checkTerms(root);
      if (faults.length > 0) throw new Error(faults.join('\n'));
      return 'every row can be counted, every rule has its place';
    },
  },
  {
    name: 'packages',
    run: async () => {
      const accepted = await readAccepted(root);
      const bill = await makeBill(root, accepted);
      const invalid = await faultsOfBill(bill);
      if (invalid !== null) throw new Error(`the bill of materials is no valid CycloneDX: ${invalid}`);
      const file = await writeBill(root, bill);
      const { counts, faults } = checkLicences(bill, accepted);
      if (faults.length > 0) throw new Error(faults.join('\n'));
      const list = [...counts].sort((a, b) => b[1] - a[1]).map(([licence, count]) => `${count} ${licence}`);
      return `${bill.components.length} in ${file}; licences: ${list.join(', ')}`;
    },
  },
  {
    name: 'audit',
    run: async () => {
      const accepted = await readAccepted(root);
      const report = await askAudit(root);
      if (!report) return 'NOT REACHED: no registry told which weaknesses are known, so nothing is known of them';
      const faults = checkAudit(report, accepted, systemClock().wallNow().toISOString().slice(0, 10));
      if (faults.length > 0) throw new Error(faults.join('\n'));
      return `no known weakness of high or critical severity (${accepted.advisories.length} accepted)`;
    },
  },
  { name: 'guards', run: tool('jest/bin/jest.js', '--silent', 'test/guards') },
  {
    name: 'deploy',
    run: async () => `${await deployOnTestEngine(root)} definitions taken by the test engine of Camunda 8.8`,
  },
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`there is no step ${unknown.join(', ')}; the steps are ${steps.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const failed: string[] = [];
const runStep = async ({ name, run }: Step): Promise<void> => {
  const startedMs = performance.now();
  const took = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  try {
    console.log(`${name}: ${await run()} (${took()})`);
  } catch (error) {
    failed.push(name);
    console.error(`${name}: FAILED: ${error instanceof Error ? error.message : String(error)} (${took()})`);
  }
};

const waiting = steps.filter(({ name }) => asked.length === 0 || asked.includes(name));
const next = async (): Promise<void> => {
  for (let step = waiting.shift(); step; step = waiting.shift()) await runStep(step);
};
await Promise.all([next(), next()]);
if (failed.length > 0) {
  console.error(`\ncheck failed: ${failed.join(', ')}`);
  process.exit(1);
}
