/**
 * Sets up whatever is missing on this machine: `node local/setup.mjs demo|test|start`. Needs nothing but Node itself; does
 * nothing when all is there, and then needs no network. What it can't get it names all at once, each with what installs it.
 * Leaves .merzim/cache/tools.json, which the local stack reads (local/stack/tools.ts).
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildEngine } from './setup/engine.mjs';
import { findChromium } from './setup/chromium.mjs';
import { findJava } from './setup/java.mjs';
import { findMongod } from './setup/mongod.mjs';
import { compile, installPackages } from './setup/packages.mjs';
import { fetchScimServer } from './setup/scim.mjs';
import { Missing, alone, cache, say } from './setup/steps.mjs';

const OLDEST_NODE = [20, 19];
const purpose = process.argv[2];
if (!['demo', 'test', 'start'].includes(purpose)) {
  console.error('usage: node local/setup.mjs demo|test|start');
  process.exit(2);
}

/** @type {Missing[]} */
const missing = [];

/** Runs a step; what it lacks is noted, so that the next steps still tell what they lack. */
async function step(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    missing.push(error);
    return null;
  }
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new Missing(`Node ${OLDEST_NODE.join('.')} or later; this is ${process.versions.node}`, [
      'install a newer Node, for instance with nvm: nvm install 22',
    ]);
  }
}

function checkPlatform() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Missing(`Linux on x86-64; this is ${process.platform} on ${process.arch}`, [
      'use such a machine, or a virtual one',
    ]);
  }
}

/** With an engine of the user's own, none is built. */
const ownEngine = Boolean(process.env.ZEEBE_GRPC_ADDRESS);

async function setUp() {
  await step(checkNode);
  await step(checkPlatform);
  const java = ownEngine ? null : await step(findJava);
  const engineDir = ownEngine ? null : await step(() => buildEngine(java));
  const mongod = await step(findMongod);
  const chromium = await step(() => findChromium({ install: purpose === 'test' }));
  if (purpose === 'test') await fetchScimServer();
  await step(installPackages);
  if (missing.length > 0) return;
  const tools = { javaHome: java?.home ?? null, engineDir, mongod, ...(chromium ? { chromium } : {}) };
  const file = join(cache, 'tools.json');
  writeFileSync(`${file}.tmp`, `${JSON.stringify(tools, null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
  await step(compile);
}

await alone(setUp);
if (missing.length > 0) {
  console.error(`\nMissing on this machine (${missing.length}):`);
  for (const { message, remedies } of missing) {
    console.error(`\n- ${message}`);
    for (const remedy of remedies) console.error(`    ${remedy}`);
  }
  process.exit(1);
}
say('all is there');
