import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface Finding {
  file: string;
  /** Rule with its plugin, e.g. `merzim/clock-timer`. */
  rule: string;
  elementId: string;
  message: string;
}

/** Lints diagrams, paths from the project's root, by local/lint/lint.mjs. A warning counts like an error: the configuration leaves none. */
export async function lintDiagrams(root: string, files: readonly string[]): Promise<Finding[]> {
  const args = ['local/lint/lint.mjs', ...files];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as Finding[];
}
