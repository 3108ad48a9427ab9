import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { readText } from './child.js';
import { commandLine, startTicks } from './processes.js';

interface Holder {
  pid: number;
  startTicks: string;
}

/** Another supervisor runs the same profile of the same home. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  constructor(
    readonly folder: string,
    readonly pid: number,
  ) {
    super(
      `a stack is running already from ${folder}: process ${pid} (${commandLine(pid)}); stop it first, with Ctrl-C or kill ${pid}`,
    );
  }
}

/**
 * The folder of what runs now: `supervisor.pid` is the lock of a profile, `<component>.pid` are the started processes. A number is
 * kept with the process's start time, so that a reused number is never taken for the process that was meant.
 */
export class RunFolder {
  constructor(readonly folder: string) {}

  /** Takes the lock. Throws {@link AlreadyRunningError}; what a supervisor that died left running is ended first. */
  async take(): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    const file = path.join(this.folder, 'supervisor.pid');
    for (;;) {
      try {
        writeFileSync(file, this.entry(process.pid), { flag: 'wx' });
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = this.read('supervisor');
      if (holder) throw new AlreadyRunningError(this.folder, holder.pid);
      rmSync(file, { force: true });
    }
    await this.endLeftovers();
  }

  /** Who holds the lock now, or null. */
  holder(): number | null {
    return this.read('supervisor')?.pid ?? null;
  }

  note(name: string, pid: number): void {
    writeFileSync(path.join(this.folder, `${name}.pid`), this.entry(pid));
  }

  forget(name: string): void {
    rmSync(path.join(this.folder, `${name}.pid`), { force: true });
  }

  release(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private entry(pid: number): string {
    return JSON.stringify({ pid, startTicks: startTicks(pid) ?? '' });
  }

  /** The living process of a pid file, or null. */
  private read(name: string): Holder | null {
    try {
      const holder = JSON.parse(readText(path.join(this.folder, `${name}.pid`)) ?? 'null') as Holder | null;
      return holder && startTicks(holder.pid) === holder.startTicks ? holder : null;
    } catch {
      return null;
    }
  }

  private async endLeftovers(): Promise<void> {
    const names = readdirSync(this.folder)
      .filter((file) => file.endsWith('.pid') && file !== 'supervisor.pid')
      .map((file) => file.slice(0, -'.pid'.length));
    for (const [signal, patienceMs] of [
      ['SIGTERM', 15_000],
      ['SIGKILL', 5_000],
    ] as const) {
      const living = (): Holder[] => names.map((name) => this.read(name)).filter((holder) => holder !== null);
      for (const { pid } of living()) {
        try {
          process.kill(-pid, signal);
        } catch {
          // gone meanwhile
        }
      }
      for (let waited = 0; living().length > 0 && waited < patienceMs; waited += 100) await sleep(100);
    }
    for (const name of names) this.forget(name);
  }
}
