import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** What Linux tells about processes in /proc: who holds a port, whether a number still means the same process, how much is resident. */

/** Start time of a process in clock ticks since boot, or null when there is none (a zombie counts as none). */
export function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** Its command line, at most 160 characters; empty when it is gone or may not be read. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 160);
  } catch {
    return '';
  }
}

/** Numbers of all processes. */
function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The process that listens on a TCP port, or null when it can't be told (another user's, say). */
export function portHolder(port: number): { pid: number; command: string } | null {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    let text = '';
    try {
      text = readFileSync(table, 'utf8');
    } catch {
      continue;
    }
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === '0A' && fields[1]?.endsWith(`:${hex}`)) sockets.add(`socket:[${fields[9]}]`);
    }
  }
  if (sockets.size === 0) return null;
  for (const pid of allPids()) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        if (sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`))) return { pid, command: commandLine(pid) };
      }
    } catch {
      // gone meanwhile, or another user's
    }
  }
  return null;
}

/** Resident bytes of the given processes and all their descendants. */
export function residentBytes(roots: Iterable<number>): number {
  const parents = new Map<number, number>();
  for (const pid of allPids()) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // gone meanwhile
    }
  }
  const wanted = new Set(roots);
  const belongs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at))
      if (wanted.has(at)) return true;
    return false;
  };
  let sum = 0;
  for (const pid of parents.keys()) {
    if (!belongs(pid)) continue;
    try {
      sum += Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    } catch {
      // gone meanwhile
    }
  }
  return sum;
}
