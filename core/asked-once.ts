import type { Directory } from './directory.js';
import type { Services } from './services.js';

/**
 * The same services, whose directory is asked only once who heads which units and who belongs to a role: for as long as one list takes, most
 * of whose rows ask the same.
 */
export function askingOnce<S extends Pick<Services, 'directory'>>(services: S): S {
  const { directory } = services;
  const once: Directory = {
    ...directory,
    headsOfUnitsOf: answeredOnce((ids) => [...ids].sort().join(' '), directory.headsOfUnitsOf),
    idsOfMembers: answeredOnce((role, branchCode) => `${role} ${branchCode ?? ''}`, directory.idsOfMembers),
  };
  return { ...services, directory: once };
}

function answeredOnce<Asked extends unknown[]>(
  keyOf: (...asked: Asked) => string,
  ask: (...asked: Asked) => Promise<string[]>,
): (...asked: Asked) => Promise<string[]> {
  const answers = new Map<string, Promise<string[]>>();
  return (...asked) => {
    const key = keyOf(...asked);
    const answer = answers.get(key) ?? ask(...asked);
    answers.set(key, answer);
    return answer;
  };
}
