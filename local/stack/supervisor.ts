import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child, type Command, type Exit } from './child.js';
import { assertPortsFree } from './ports.js';
import { residentBytes } from './processes.js';
import { RunFolder } from './run-folder.js';

/** One supervised process. */
export interface ComponentSpec {
  name: string;
  command: Command;
  /** Ports that it listens on; checked before anything starts. */
  ports: number[];
  dependsOn?: string[];
  /** Whether it can be used now; asked every `pollMs` until true. A rejection counts as false. */
  ready: () => Promise<boolean>;
  /** Runs once it is ready, at each start, before those that depend on it start. */
  afterReady?: () => Promise<void>;
  /** How long it may take to get ready, milliseconds. */
  readyWithinMs?: number;
  stopSignal?: NodeJS.Signals;
  /** How long it may take to stop before it is killed, milliseconds. */
  graceMs?: number;
}

export type StackEvent =
  | { kind: 'starting' | 'stopping' | 'stopped'; component: string; elapsedMs: number }
  | { kind: 'ready'; component: string; elapsedMs: number; tookMs: number }
  | { kind: 'skipped'; component: string; elapsedMs: number; reason: string }
  | { kind: 'failed'; component: string; elapsedMs: number; reason: string };

/** A component that didn't get ready or that ended by itself; `message` holds the end of its log. */
export class ComponentFailure extends Error {
  override readonly name = 'ComponentFailure';
  constructor(
    readonly component: string,
    readonly reason: string,
    tail: string,
    logFile: string,
  ) {
    super(`${component} ${reason}${tail ? `\n${tail.replace(/^/gm, '  | ')}` : ''}\n  (whole log: ${logFile})`);
  }
}

export interface SupervisorOptions {
  runFolder: string;
  logFolder: string;
  onProgress?: (event: StackEvent) => void;
  /** Called once when a component ended by itself, after all others have been stopped. */
  onFailure?: (failure: ComponentFailure) => void;
  /** Called once when everything has been stopped, for whatever reason. */
  onStopped?: () => void;
  pollMs?: number;
}

interface Member {
  spec: ComponentSpec;
  child: Child | null;
  /** A stop was asked for: its end is no failure. */
  stopping: boolean;
}

/**
 * Starts components in the order of their dependencies, in parallel where these allow, and stops them in reverse. Restarts none by
 * itself: an end that nobody asked for stops everything and is reported.
 */
export class Supervisor {
  private readonly members = new Map<string, Member>();
  private readonly run: RunFolder;
  private readonly begun = performance.now();
  private failure: ComponentFailure | null = null;
  private stopped: Promise<void> | null = null;
  /** Rejects with the first failure, so that a start that waits for another component ends too. */
  private readonly failed: Promise<never>;
  private fail!: (failure: ComponentFailure) => void;

  constructor(private readonly options: SupervisorOptions) {
    this.run = new RunFolder(options.runFolder);
    this.failed = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failed.catch(() => undefined);
  }

  /** Takes the lock of the run folder; call before touching the data. Throws AlreadyRunningError. */
  async take(): Promise<void> {
    await this.run.take();
  }

  /**
   * Starts all of them. When one fails, those that run are stopped and the {@link ComponentFailure} is thrown. Throws PortsTakenError
   * before anything has started.
   */
  async start(specs: readonly ComponentSpec[]): Promise<void> {
    mkdirSync(this.options.logFolder, { recursive: true });
    await assertPortsFree(specs.flatMap(({ name, ports }) => ports.map((port) => ({ component: name, port }))));
    const started = new Map<string, Promise<void>>();
    const startOne = (spec: ComponentSpec): Promise<void> => {
      const known = started.get(spec.name);
      if (known) return known;
      const before = (spec.dependsOn ?? []).map((name) => {
        const needed = specs.find((other) => other.name === name);
        if (needed) return startOne(needed);
        return this.members.get(name)?.child
          ? Promise.resolve()
          : Promise.reject(new Error(`${spec.name} depends on ${name}, which is not there`));
      });
      const promise = Promise.all(before).then(() => this.launch({ spec, child: null, stopping: false }));
      started.set(spec.name, promise);
      return promise;
    };
    try {
      await Promise.race([Promise.all(specs.map(startOne)), this.failed]);
    } catch (error) {
      await this.stop();
      throw this.failure ?? error;
    }
  }

  /** Stops everything in reverse order and gives the lock back. A second call waits for the first. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  names(): string[] {
    return [...this.members.keys()];
  }

  /** Process numbers of the running components. */
  pids(): Record<string, number> {
    return Object.fromEntries(
      [...this.members].flatMap(([name, { child }]) => (child?.alive ? [[name, child.pid]] : [])),
    );
  }

  /** Resident bytes of all components and what they started. */
  residentBytes(): number {
    return residentBytes(Object.values(this.pids()));
  }

  /** Stops one component on purpose; what depends on it goes on running. */
  async stopOne(name: string): Promise<void> {
    const member = this.member(name);
    member.stopping = true;
    await this.halt(member);
  }

  /** Sends a signal to one component on purpose; waits for its end after SIGKILL, SIGTERM and SIGINT. */
  async killOne(name: string, signal: NodeJS.Signals): Promise<void> {
    const member = this.member(name);
    const mortal = signal === 'SIGKILL' || signal === 'SIGTERM' || signal === 'SIGINT';
    if (mortal) member.stopping = true;
    member.child?.kill(signal);
    if (mortal) await member.child?.exited;
  }

  /** Starts a component again that was stopped or killed on purpose, and waits until it is ready. */
  async startOne(name: string): Promise<void> {
    const member = this.member(name);
    if (member.child?.alive) return;
    await assertPortsFree(member.spec.ports.map((port) => ({ component: name, port })));
    await this.launch({ spec: member.spec, child: null, stopping: false });
  }

  private member(name: string): Member {
    const member = this.members.get(name);
    if (!member) throw new Error(`${name}: no such component; there are ${this.names().join(', ')}`);
    return member;
  }

  private logFile(name: string): string {
    return path.join(this.options.logFolder, `${name}.log`);
  }

  private report(event: Omit<StackEvent, 'elapsedMs'> & Record<string, unknown>): void {
    this.options.onProgress?.({ ...event, elapsedMs: performance.now() - this.begun } as StackEvent);
  }

  private async launch(member: Member): Promise<void> {
    if (this.stopped) throw new Error('the stack was stopped while it was starting');
    const { spec } = member;
    const since = performance.now();
    this.report({ kind: 'starting', component: spec.name });
    const child = await Child.start(spec.command, this.logFile(spec.name));
    member.child = child;
    this.members.set(spec.name, member);
    this.run.note(spec.name, child.pid);
    void child.exited.then((exit) => this.ended(member, exit));
    if (this.stopped) await this.halt(member);
    const patience = spec.readyWithinMs ?? 300_000;
    while (!(await spec.ready().catch(() => false))) {
      if (this.stopped && !this.failure) throw new Error('the stack was stopped while it was starting');
      if (!child.alive || this.failure) return this.failed;
      if (performance.now() - since > patience) {
        this.give(member, `did not get ready within ${Math.round(patience / 1000)} s`);
        return this.failed;
      }
      await sleep(this.options.pollMs ?? 150);
    }
    await spec.afterReady?.();
    this.report({ kind: 'ready', component: spec.name, tookMs: performance.now() - since });
  }

  private ended(member: Member, exit: Exit): void {
    this.run.forget(member.spec.name);
    if (member.stopping || this.stopped) return;
    this.give(member, `ended by itself (${exit.signal ?? `exit code ${exit.code}`})`);
  }

  private give(member: Member, reason: string): void {
    if (this.failure) return;
    const { name } = member.spec;
    this.failure = new ComponentFailure(name, reason, member.child?.tail() ?? '', this.logFile(name));
    this.report({ kind: 'failed', component: name, reason });
    this.fail(this.failure);
    const { failure } = this;
    void this.stop().then(() => this.options.onFailure?.(failure));
  }

  private async stopAll(): Promise<void> {
    const halted = new Map<string, Promise<void>>();
    const haltAfterDependants = (member: Member): Promise<void> => {
      const known = halted.get(member.spec.name);
      if (known) return known;
      const dependants = [...this.members.values()].filter((other) => other.spec.dependsOn?.includes(member.spec.name));
      const promise = Promise.all(dependants.map(haltAfterDependants)).then(() => this.halt(member));
      halted.set(member.spec.name, promise);
      return promise;
    };
    await Promise.all([...this.members.values()].map(haltAfterDependants));
    this.run.release();
    this.options.onStopped?.();
  }

  private async halt(member: Member): Promise<void> {
    const { child, spec } = member;
    if (!child?.alive) return;
    this.report({ kind: 'stopping', component: spec.name });
    await child.stop(spec.stopSignal ?? 'SIGTERM', spec.graceMs ?? 10_000);
    this.report({ kind: 'stopped', component: spec.name });
  }
}
