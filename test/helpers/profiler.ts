import type { mongo } from 'mongoose';
import type { Database } from '../../core/database.js';

/** One command as MongoDB's profiler wrote it down. */
export interface Profiled {
  /** `<collection> <command>`, e.g. `cases find`. */
  what: string;
  /** How it was answered, e.g. `IXSCAN { number: 1 }`; empty where nothing was looked for. */
  plan: string;
  command: Record<string, unknown>;
}

interface ProfileEntry {
  ns: string;
  op: string;
  planSummary?: string;
  command?: Record<string, unknown>;
}

const commands = ['find', 'aggregate', 'distinct', 'count', 'findAndModify', 'getMore'];

/** Everything that MongoDB is asked in both databases of a test, as it saw it itself. */
export class Profiler {
  private constructor(private readonly databases: readonly mongo.Db[]) {}

  static async start({ connection, trail }: Pick<Database, 'connection' | 'trail'>): Promise<Profiler> {
    const databases = [connection.db!, trail.db!];
    for (const db of databases) {
      await db.command({ profile: 0 });
      await db.dropCollection('system.profile').catch(() => undefined);
      // A megabyte, as MongoDB makes it, forgets the beginning of a long page.
      await db.createCollection('system.profile', { capped: true, size: 64 * 1024 * 1024 });
      await db.command({ profile: 2 });
    }
    return new Profiler(databases);
  }

  /** What was asked while something was done, without order: some of it is asked at the same time. */
  async during(work: () => Promise<unknown>): Promise<Profiled[]> {
    const before = await Promise.all(this.databases.map((db) => this.entries(db)));
    await work();
    const after = await Promise.all(this.databases.map((db) => this.entries(db)));
    return after
      .flatMap((entries, index) => entries.slice(before[index]!.length))
      .map(({ ns, op, planSummary = '', command = {} }) => {
        const name = commands.find((each) => each in command) ?? op;
        return { what: `${ns.slice(ns.indexOf('.') + 1)} ${name}`, plan: planSummary, command };
      })
      .sort((a, b) => (a.what < b.what ? -1 : 1));
  }

  private entries(db: mongo.Db): Promise<ProfileEntry[]> {
    return db
      .collection<ProfileEntry>('system.profile')
      .find({ ns: { $not: /system\.profile$/ } })
      .toArray();
  }

  async stop(): Promise<void> {
    for (const db of this.databases) await db.command({ profile: 0 });
  }
}
