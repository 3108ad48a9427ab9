/** Builds the folder of what runs on Java: Camunda, OpenSearch and the test engine of a newer Camunda (local/engine). */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Missing, cache, folderBytes, root, run, say, size, which } from './steps.mjs';

const sources = join(root, 'local', 'engine');

/** Hash over names and contents of the Maven project: another content, another folder. */
function sourcesHash() {
  const hash = createHash('sha256');
  const walk = (folder, prefix) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name === 'target') continue;
      if (entry.isDirectory()) walk(join(folder, entry.name), `${prefix}${entry.name}/`);
      else if (/\.(xml|java)$/.test(entry.name)) {
        hash
          .update(`${prefix}${entry.name}\0`)
          .update(readFileSync(join(folder, entry.name)))
          .update('\0');
      }
    }
  };
  walk(sources, '');
  return hash.digest('hex').slice(0, 12);
}

/** Where the engine of these sources is or will be; it is complete when it exists. */
export function engineFolder() {
  return join(cache, `engine-${sourcesHash()}`);
}

/** Whether a running program was started from a folder. */
function inUse(folder) {
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${folder}/`);
    } catch {
      return false; // gone meanwhile
    }
  });
}

/** Removes the engine folders of earlier versions, and the archives of classes that the stack made of them. */
function removeEarlier(folder) {
  for (const name of readdirSync(cache)) {
    const engine = /engine-[0-9a-f]{12}(?=$|\.jsa$)/.exec(name)?.[0];
    if (!engine || join(cache, engine) === folder || inUse(join(cache, engine))) continue;
    if (name === engine) say(`removing the engine folder of an earlier version (${name})`);
    rmSync(join(cache, name), { recursive: true, force: true });
  }
}

/**
 * @param {{ home: string, compiler: boolean } | null} java null when none was found: then only checks Maven
 * @returns {Promise<string>} the folder; throws Missing
 */
export async function buildEngine(java) {
  const folder = engineFolder();
  if (existsSync(folder)) return folder;
  const mvn = which('mvn');
  if (!mvn) throw new Missing('Maven (mvn), which gathers the process engine', ['apt-get install maven']);
  if (!java) return folder;
  const work = `${folder}.${process.pid}.tmp`;
  // A runtime without compiler can't run the build: then Maven takes the Java that it finds itself.
  const env = java.compiler ? { ...process.env, JAVA_HOME: java.home } : process.env;
  const build = (offline, progress, onLine) =>
    run(
      'mvn package',
      mvn,
      [...(offline ? ['-o'] : []), '-B', '-f', join(sources, 'pom.xml'), 'package', `-Dmerzim.out=${work}`],
      { log: 'maven', env, progress, onLine },
    );
  try {
    mkdirSync(work, { recursive: true });
    say('building the engine folder with Maven');
    let result = await build(true);
    if (!result.ok) {
      let files = 0;
      let bytes = 0;
      const unit = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };
      say('downloading Camunda 8, OpenSearch and a test engine (about 500 MB)');
      result = await build(
        false,
        () => `${files} files, ${size(bytes)}`,
        (line) => {
          const match = /Downloaded from .*\(([\d.]+) ([kMG]?B)/.exec(line);
          if (!match) return;
          files += 1;
          bytes += Number(match[1]) * unit[match[2]];
        },
      );
    }
    if (!result.ok) {
      throw new Missing(`the engine folder: Maven failed\n${result.tail}`, [
        'see the output above; with a mirror of Maven Central, name it in ~/.m2/settings.xml',
      ]);
    }
    rmSync(join(work, 'build'), { recursive: true, force: true });
    renameSync(work, folder);
    say(`engine folder built, ${size(folderBytes(folder))}`);
    removeEarlier(folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
