import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/root.js';

interface Java {
  home: string;
  version: number;
  compiler: boolean;
}

// The set-up is plain JavaScript without declarations: it runs before anything is compiled.
const load = async <T>(file: string): Promise<T> => (await import(inProject('local', 'setup', file))) as T;
const { chooseJava, javaHomes, javaVersion } = await load<{
  chooseJava: (homes: string[]) => Java | null;
  javaHomes: (env: Record<string, string>, places: string[]) => string[];
  javaVersion: (home: string) => number | null;
}>('java.mjs');
const { packagesUpToDate } = await load<{ packagesUpToDate: (folder: string) => boolean }>('packages.mjs');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'merzim-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(file: string, script: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

/** A folder that looks like a Java of a version, with or without a compiler and a release file. */
function javaHome(name: string, version: string, { compiler = true, release = true } = {}): string {
  const home = path.join(folder, name);
  program(path.join(home, 'bin', 'java'), `echo 'openjdk version "${version}" 2024-10-15' >&2`);
  if (compiler) program(path.join(home, 'bin', 'javac'), 'exit 0');
  if (release) writeFileSync(path.join(home, 'release'), `JAVA_VERSION="${version}"\n`);
  return home;
}

describe('the search for Java', () => {
  test.each([
    ['21.0.4', 21],
    ['25', 25],
    ['17.0.15', 17],
    ['1.8.0_402', 8],
  ])('reads version %s', (text, version) => {
    expect(javaVersion(javaHome('told', text))).toBe(version);
    expect(javaVersion(javaHome('asked', text, { release: false }))).toBe(version);
  });

  test('finds no version where no Java is', () => {
    expect(javaVersion(folder)).toBeNull();
  });

  test('takes the first of version 21 or later', () => {
    const homes = [javaHome('a', '17.0.15'), javaHome('b', '21.0.4'), javaHome('c', '25')];
    expect(chooseJava(homes)).toEqual({ home: path.join(folder, 'b'), version: 21, compiler: true });
  });

  test('prefers one with a compiler', () => {
    const homes = [javaHome('runtime', '25', { compiler: false }), javaHome('jdk', '21.0.4')];
    expect(chooseJava(homes)?.home).toBe(path.join(folder, 'jdk'));
    expect(chooseJava(homes.slice(0, 1))?.compiler).toBe(false);
  });

  test('chooses none when all are too old', () => {
    expect(chooseJava([javaHome('a', '17.0.15'), javaHome('b', '20.0.2')])).toBeNull();
  });

  test('looks at JAVA_HOME before the places where packages put it', () => {
    const own = javaHome('own', '21.0.4');
    const packaged = javaHome('jvm/packaged', '25');
    const homes = javaHomes({ JAVA_HOME: own }, [path.join(folder, 'jvm')]);
    expect(homes[0]).toBe(own);
    expect(homes).toContain(packaged);
  });
});

describe('the check of the npm packages', () => {
  const lock = (packages: Record<string, { version: string; optional?: boolean }>): string =>
    JSON.stringify({ packages: { '': { version: '0' }, ...packages } });

  function project(wanted: string, installed: string | null): string {
    mkdirSync(path.join(folder, 'node_modules'));
    writeFileSync(path.join(folder, 'package-lock.json'), wanted);
    if (installed)
      writeFileSync(
        path.join(folder, 'node_modules', '.package-lock.json'),
        installed.replace('"":{"version":"0"},', ''),
      );
    return folder;
  }

  const one = { 'node_modules/a': { version: '1.0.0' } };

  test('is content with what the lock says', () => {
    expect(packagesUpToDate(project(lock(one), lock(one)))).toBe(true);
  });

  test('does not miss an optional package of another platform', () => {
    const wanted = lock({ ...one, 'node_modules/for-windows': { version: '1.0.0', optional: true } });
    expect(packagesUpToDate(project(wanted, lock(one)))).toBe(true);
  });

  test.each([
    ['nothing is installed', null],
    ['another version is installed', lock({ 'node_modules/a': { version: '0.9.0' } })],
    ['one is missing', lock({})],
    ['one is too many', lock({ ...one, 'node_modules/b': { version: '1.0.0' } })],
  ])('is not when %s', (_, installed) => {
    mkdirSync(path.join(folder, 'node_modules', 'a'), { recursive: true });
    rmSync(path.join(folder, 'node_modules'), { recursive: true });
    project(lock(one), installed);
    mkdirSync(path.join(folder, 'node_modules', 'a'));
    expect(packagesUpToDate(folder)).toBe(false);
  });
});

describe('the set-up on a bare machine', () => {
  /** A copy of the set-up in a folder of its own, run with nothing but Node and a shell on PATH. */
  async function run(purpose: string, env: Record<string, string> = {}): Promise<{ code: number; output: string }> {
    cpSync(inProject('local', 'setup'), path.join(folder, 'local', 'setup'), { recursive: true });
    cpSync(inProject('local', 'setup.mjs'), path.join(folder, 'local', 'setup.mjs'));
    cpSync(inProject('local', 'engine'), path.join(folder, 'local', 'engine'), { recursive: true });
    mkdirSync(path.join(folder, 'bin'), { recursive: true });
    for (const name of ['node', 'sh']) {
      symlinkSync(name === 'node' ? process.execPath : '/bin/sh', path.join(folder, 'bin', name));
    }
    const child = spawn(process.execPath, [path.join(folder, 'local', 'setup.mjs'), purpose], {
      env: { PATH: path.join(folder, 'bin'), HOME: folder, JAVA_HOME: javaHome('jdk', '21.0.4'), ...env },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, output };
  }

  test('names everything that it lacks at once, each with what installs it', async () => {
    const { code, output } = await run('demo');
    expect(code).toBe(1);
    expect(output).toContain('Missing on this machine (3)');
    expect(output).toMatch(/- Maven \(mvn\).*\n +apt-get install maven/);
    expect(output).toMatch(/- mongod, the database server\n +install MongoDB/);
    expect(output).toMatch(/- npm's packages: npm ci failed/);
  });

  test('asks neither for a database nor for an engine when the user brings them', async () => {
    const { output } = await run('start', {
      MONGODB_URI: 'mongodb://db.example/',
      ZEEBE_GRPC_ADDRESS: 'grpcs://zeebe.example',
    });
    expect(output).toContain('Missing on this machine (1)');
    expect(output).toMatch(/- npm's packages: npm ci failed/);
  });

  test('says how it is used', async () => {
    expect(await run('dance')).toEqual({ code: 2, output: 'usage: node local/setup.mjs demo|test|start\n' });
  });
});
