/** Running commands and telling about it, for the set-up. Node's own modules only: nothing is installed yet. */
import { spawn, spawnSync } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const cache = join(root, '.merzim', 'cache');
export const logs = join(root, '.merzim', 'log');

const begun = performance.now();

/** Seconds since the set-up began, as text. */
function elapsed(since = begun) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

export function say(text) {
  console.log(`[setup ${elapsed().padStart(7)}] ${text}`);
}

/** Something the machine lacks: what it is for, and the command that installs it. Gathered, not thrown one by one. */
export class Missing extends Error {
  /** @param {string} what @param {string[]} remedies one command or sentence each */
  constructor(what, remedies) {
    super(what);
    this.remedies = remedies;
  }
}

/** @param {number} bytes */
export function size(bytes) {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
}

/** Bytes of all files under a folder; 0 when it is not there. @param {string} folder */
export function folderBytes(folder) {
  if (!existsSync(folder)) return 0;
  let sum = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sum += folderBytes(path);
    else if (entry.isFile()) sum += statSync(path).size;
  }
  return sum;
}

/** The path of a program on PATH, or null. @param {string} name */
export function which(name) {
  for (const folder of (process.env.PATH ?? '').split(':').filter(Boolean)) {
    const path = join(folder, name);
    try {
      const stat = statSync(path);
      if (stat.isFile() && stat.mode & 0o111) return path;
    } catch {
      // not there
    }
  }
  return null;
}

/** Output of a short command (stdout and stderr), or null when it can't be run or fails. */
export function ask(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 30_000, ...options });
  return result.status === 0 ? `${result.stdout}${result.stderr}` : null;
}

/**
 * Runs a long command, its output to a log file, with a line every ten seconds that tells that it still goes on.
 * @param {string} title what it does, for the reader
 * @param {string} command @param {string[]} args
 * @param {{ log: string, cwd?: string, env?: NodeJS.ProcessEnv, progress?: () => string, onLine?: (line: string) => void }} options
 * @returns {Promise<{ ok: boolean, tail: string }>} tail: the last lines of its output
 */
export async function run(title, command, args, { log, cwd = root, env = process.env, progress, onLine }) {
  mkdirSync(logs, { recursive: true });
  const logFile = join(logs, `setup-${log}.log`);
  const out = createWriteStream(logFile);
  const since = performance.now();
  const tail = [];
  const timer = setInterval(() => say(`  ${title}: ${elapsed(since)}${progress ? `, ${progress()}` : ''}`), 10_000);
  try {
    const ok = await new Promise((resolve) => {
      const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
      child.on('error', (error) => {
        tail.push(error.message);
        resolve(false);
      });
      let rest = '';
      const take = (chunk) => {
        out.write(chunk);
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          onLine?.(line);
          tail.push(line);
          if (tail.length > 15) tail.shift();
        }
      };
      child.stdout.setEncoding('utf8').on('data', take);
      child.stderr.setEncoding('utf8').on('data', take);
      child.on('close', (code) => resolve(code === 0));
    });
    return { ok, tail: `${tail.join('\n')}\n(whole output: ${logFile})` };
  } finally {
    clearInterval(timer);
    out.end();
  }
}

/** A process's start time in clock ticks since boot: tells a reused number from the process that was meant. */
function startedAt(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/**
 * Runs `work` while no other set-up of this folder does: two at once would build the same things into each other.
 * @template T @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function alone(work) {
  const lock = join(cache, 'setup.lock');
  mkdirSync(cache, { recursive: true });
  let told = false;
  for (;;) {
    try {
      writeFileSync(lock, `${process.pid} ${startedAt(process.pid)}`, { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    let holder = '';
    try {
      holder = readFileSync(lock, 'utf8');
    } catch {
      continue; // released meanwhile
    }
    const [pid, since] = holder.split(' ');
    if (holder && startedAt(pid) !== since) {
      rmSync(lock, { force: true }); // its holder is gone
      continue;
    }
    if (!told) say(`waiting for another set-up of this folder${pid ? ` (process ${pid})` : ''}`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const release = () => rmSync(lock, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}
