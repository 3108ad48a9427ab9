import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Command } from '../child.js';
import { need } from '../tools.js';
import { plainEnvironment, type Site } from '../site.js';

export interface JavaProgram {
  name: string;
  mainClass: string;
  classPath: string[];
  /** Largest heap, megabytes. */
  heapMb: number;
  options?: string[];
  args?: string[];
  env?: Record<string, string>;
}

/**
 * The command of a Java program of the stack. Tuned for a small machine and a short life: one garbage collector thread, few
 * new objects at a time, the quick compiler only, few malloc arenas, and an archive of loaded classes that the first stop writes and each later start maps.
 */
export function java(site: Site, program: JavaProgram): Command {
  const { folders, tools } = site;
  const home = need(tools, 'javaHome');
  const folder = path.join(folders.data, program.name);
  const temporary = path.join(folder, 'tmp');
  mkdirSync(temporary, { recursive: true });
  return {
    command: path.join(home, 'bin', 'java'),
    args: [
      `-Xmx${program.heapMb}m`,
      '-Xms64m',
      '-Xmn32m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Xss512k',
      '-XX:+ExitOnOutOfMemoryError',
      '-XX:-UsePerfData',
      '--enable-native-access=ALL-UNNAMED',
      '-Dfile.encoding=UTF-8',
      `-Djava.io.tmpdir=${temporary}`,
      '-XX:+AutoCreateSharedArchive',
      `-XX:SharedArchiveFile=${path.join(folders.cache, `${program.name}-${path.basename(need(tools, 'engineDir'))}.jsa`)}`,
      // Else all pages of the archive are patched, and resident, for an address that changes from start to start.
      '-XX:+UnlockDiagnosticVMOptions',
      '-XX:ArchiveRelocationMode=0',
      '-XX:+IgnoreUnrecognizedVMOptions',
      '-Xlog:cds=off',
      '-Xlog:cds+dynamic=off',
      ...(program.options ?? []),
      '-cp',
      program.classPath.join(':'),
      program.mainClass,
      ...(program.args ?? []),
    ],
    env: { ...plainEnvironment(), JAVA_HOME: home, MALLOC_ARENA_MAX: '2', ...program.env },
    cwd: folder,
  };
}

/** The folder of the unpacked Camunda distribution. */
export function distribution({ tools }: Site): string {
  const engine = path.join(need(tools, 'engineDir'), 'engine');
  const name = existsSync(engine) ? readdirSync(engine).find((entry) => entry.startsWith('camunda-zeebe-')) : undefined;
  if (!name) throw new Error(`${engine} holds no Camunda distribution; remove it and run: node local/setup.mjs start`);
  return path.join(engine, name);
}
