import { renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { printProgress } from './progress.js';
import { stayUp } from './stay-up.js';
import { startStack } from './stack.js';
import type { Profile } from './site.js';

/**
 * Starts the stack without the application's processes, for those who develop these:
 * `node dist/local/stack/dev.js [--profile start] [--offset N] [--home FOLDER] [--travel] [--fresh] [--env FILE]`.
 * The settings for an application process are written to FILE as JSON (mode 0600). Ends on Ctrl-C.
 */
const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'start' },
    offset: { type: 'string' },
    home: { type: 'string' },
    env: { type: 'string' },
    travel: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
  },
});
if (!['demo', 'start', 'test'].includes(values.profile))
  throw new Error(`--profile ${values.profile}: expected demo, start or test`);

await stayUp(async (running) => {
  const stack = await startStack({
    profile: values.profile as Profile,
    home: values.home,
    portOffset: values.offset === undefined ? undefined : Number(values.offset),
    travel: values.travel,
    fresh: values.fresh,
    onProgress: printProgress,
    ...running,
  });
  if (values.env) {
    writeFileSync(`${values.env}.tmp`, `${JSON.stringify(stack.env, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${values.env}.tmp`, values.env);
  }
  console.log(
    `\nready after ${(stack.timings.total ?? 0) / 1000} s, ${Math.round((await stack.rssBytes()) / 1e6)} MB resident`,
  );
  for (const name of [
    'TASKLIST_URL',
    'OPERATE_URL',
    'MAIL_WEB_URL',
    'OIDC_ISSUER',
    'ZEEBE_GRPC_ADDRESS',
    'ZEEBE_REST_ADDRESS',
  ]) {
    console.log(`${name.padEnd(20)} ${stack.env[name] ?? ''}`);
  }
  return stack;
});
