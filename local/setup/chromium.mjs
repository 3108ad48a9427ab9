/** Finds or installs a Chromium for the browser tests. */
import { Missing, run, say, which } from './steps.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function find() {
  for (const name of NAMES) {
    const path = which(name);
    if (path) return path;
  }
  return null;
}

/**
 * @param {{ install: boolean }} options whether to install it when it isn't there
 * @returns {Promise<string | null>} its path; throws Missing
 */
export async function findChromium({ install: wanted }) {
  const found = find();
  if (found || !wanted) return found;
  if (process.getuid?.() === 0 && which('apt-get')) {
    say('installing Chromium with apt-get (about 100 MB) for the browser tests');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = () =>
      run('apt-get install', 'apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], {
        log: 'apt',
        env,
      });
    let result = await install();
    if (!result.ok) {
      await run('apt-get update', 'apt-get', ['update', '-q'], { log: 'apt-update', env });
      result = await install();
    }
    const installed = find();
    if (installed) return installed;
    throw new Missing(`Chromium, for the browser tests: apt-get failed\n${result.tail}`, ['apt-get install chromium']);
  }
  throw new Missing('Chromium, for the browser tests', ['sudo apt-get install chromium   (or Google Chrome on PATH)']);
}
