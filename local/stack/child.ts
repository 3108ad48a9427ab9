import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, openSync, closeSync, readFileSync, fstatSync, readSync } from 'node:fs';

/** How to start one process. Its environment is what is given here and nothing else. */
export interface Command {
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
}

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** util-linux's setpriv lets the kernel end a child when its parent dies, even by kill -9. */
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

/** A started process in a process group of its own, its output in a file. */
export class Child {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  private ended = false;

  private constructor(
    process: ChildProcess,
    private readonly logFile: string,
    private readonly logFrom: number,
  ) {
    this.pid = process.pid as number;
    this.exited = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        this.ended = true;
        resolve({ code, signal });
      });
    });
  }

  /** Starts it; rejects when the program can't be run at all. */
  static async start(command: Command, logFile: string): Promise<Child> {
    const log = openSync(logFile, 'a', 0o600);
    const logFrom = fstatSync(log).size;
    try {
      const [program, args] = setpriv
        ? [setpriv, ['--pdeathsig', 'TERM', command.command, ...command.args]]
        : [command.command, command.args];
      const process = spawn(program, args, {
        cwd: command.cwd,
        env: command.env,
        stdio: ['ignore', log, log],
        detached: true,
      });
      await new Promise<void>((resolve, reject) => {
        process.once('spawn', resolve);
        process.once('error', reject);
      });
      return new Child(process, logFile, logFrom);
    } finally {
      closeSync(log);
    }
  }

  get alive(): boolean {
    return !this.ended;
  }

  /** Sends a signal to the process and all that it started; nothing when it has ended. */
  kill(signal: NodeJS.Signals): void {
    if (this.ended) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      // gone between the check and the call
    }
  }

  /** Asks it to end, and forces it after the grace time (milliseconds). */
  async stop(signal: NodeJS.Signals, graceMs: number): Promise<Exit> {
    this.kill(signal);
    const timer = setTimeout(() => this.kill('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The last lines that this process wrote. */
  tail(lines = 12): string {
    try {
      const log = openSync(this.logFile, 'r');
      try {
        const { size } = fstatSync(log);
        const from = Math.max(this.logFrom, size - 16_384);
        const buffer = Buffer.alloc(Math.max(0, size - from));
        readSync(log, buffer, 0, buffer.length, from);
        return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
      } finally {
        closeSync(log);
      }
    } catch {
      return '';
    }
  }
}

/** A text file's content, or null when it can't be read. */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
