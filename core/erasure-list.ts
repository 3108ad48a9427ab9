import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { z } from 'zod';
import type { Erasure } from './erasures.js';
import { PermanentError } from './errors.js';

/**
 * The erasures a second time, in a file that is only added to and that no restore of the database takes back: a line of JSON each. It names
 * nobody. Several processes may add to it; a line that is there twice counts once.
 */
export interface ErasureList {
  file: string;
  /** All that it has; nothing where the file is not there yet. @throws PermanentError naming the line that can't be read. */
  read(): Erasure[];
  /** Adds, and returns when it is on the disk; with nothing to add it makes the file. @throws PermanentError when it can't be written */
  add(erasures: readonly Erasure[]): void;
}

const listed = z.object({
  _id: z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
  kind: z.enum(['person', 'case', 'employee', 'organisation']),
  ground: z.string(),
  by: z.string(),
  at: z.coerce.date(),
});

export function openErasureList(file: string): ErasureList {
  return {
    file,
    read: () => {
      try {
        return parseErasures(readFileSync(file, 'utf8'), file);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    },
    add: (erasures) => {
      if (erasures.length === 0 && existsSync(file)) return;
      const lines = erasures.map((erasure) => `${lineOf(erasure)}\n`).join('');
      const list = openToAdd(file);
      try {
        const { size } = fstatSync(list);
        const end = Buffer.alloc(1);
        // A line that was cut off stays as it is: what it was to say is written again as a line of its own.
        if (size > 0) readSync(list, end, 0, 1, size - 1);
        writeSync(list, size === 0 || end.toString() === '\n' ? lines : `\n${lines}`);
        fsyncSync(list);
      } finally {
        closeSync(list);
      }
    },
  };
}

function openToAdd(file: string): number {
  try {
    return openSync(file, 'a+', 0o600);
  } catch (error) {
    throw new PermanentError(`ERASURES_FILE: ${file} can't be written (${(error as NodeJS.ErrnoException).code})`, {
      field: 'ERASURES_FILE',
      cause: error,
    });
  }
}

/** The erasures of a file's text. A line that was cut off while it was written counts for nothing, if its whole stands after it or nothing does. */
export function parseErasures(text: string, file: string): Erasure[] {
  const lines = text.split('\n');
  const found = new Map<string, Erasure>();
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const erasure = read(line);
    if (erasure) found.set(erasure._id, erasure);
    else if (index < lines.length - 1 && !lines.slice(index + 1).some((later) => later.startsWith(line)))
      throw new PermanentError(`${file}: line ${index + 1} is no erasure; put the file back as it was written`, {
        field: 'ERASURES_FILE',
      });
  }
  return [...found.values()];
}

/** As `npm run erase -- --list` prints it. */
export function lineOf({ _id, kind, ground, by, at }: Erasure): string {
  return JSON.stringify({ _id, kind, ground, by, at });
}

function read(line: string): Erasure | null {
  try {
    return listed.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
