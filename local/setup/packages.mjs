/** npm's packages and the build of the TypeScript sources. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Missing, folderBytes, root, run, say, size } from './steps.mjs';

/**
 * Whether what lies in node_modules is what the lock file says. npm keeps a copy of the lock of what it installed there.
 * @param {string} folder the project's
 */
export function packagesUpToDate(folder = root) {
  const read = (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).packages;
  let wanted;
  let installed;
  try {
    wanted = read('package-lock.json');
    installed = read(join('node_modules', '.package-lock.json'));
  } catch {
    return false;
  }
  const differs = (path) => installed[path]?.version !== wanted[path].version && existsSync(join(folder, path));
  return (
    Object.keys(wanted).every((path) => {
      if (path === '' || wanted[path].link) return true;
      // An optional package of another platform is in the lock and not on the disk.
      return path in installed ? !differs(path) : wanted[path].optional === true;
    }) && Object.keys(installed).every((path) => path in wanted)
  );
}

export async function installPackages() {
  if (packagesUpToDate()) return;
  say('installing npm packages (npm ci)');
  const args = ['ci', '--no-audit', '--no-fund', '--prefer-offline'];
  const result = await run('npm ci', process.platform === 'win32' ? 'npm.cmd' : 'npm', args, { log: 'npm' });
  if (!result.ok) throw new Missing(`npm's packages: npm ci failed\n${result.tail}`, ['npm ci']);
  say(`npm packages installed, ${size(folderBytes(join(root, 'node_modules')))}`);
}

/** Compiles to dist/. Incremental: a second time takes a few seconds. */
export async function compile() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const result = await run('tsc', process.execPath, [tsc, '-p', root, '--pretty', 'false'], { log: 'tsc' });
  if (!result.ok) throw new Missing(`the compiled program: tsc found errors\n${result.tail}`, ['npm run check']);
}
