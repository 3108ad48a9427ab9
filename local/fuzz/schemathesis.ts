import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inProject } from '../../config/index.js';

const version = '4.32.5';
const folder = inProject('.merzim', 'cache', `schemathesis-${version}`);

/** Fetches Schemathesis by pip unless it is there. @throws Error naming what is missing. */
export async function installSchemathesis(): Promise<void> {
  if (existsSync(folder)) return;
  const work = `${folder}.${process.pid}.tmp`;
  const args = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--only-binary=:all:',
    '--target',
    work,
  ];
  const child = spawn('python3', [...args, `schemathesis==${version}`], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) {
    rmSync(work, { recursive: true, force: true });
    throw new Error(`pip could not fetch schemathesis ${version}: it needs python3 with pip, and PyPI once`);
  }
  renameSync(work, folder);
}

/** What an answer has to hold: no server error; a status, a type, headers and a body that the document knows; no wrong input taken. */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
];

/**
 * Runs Schemathesis on a document against a server, with headers on each request. Its output goes to `log`; returns whether it found nothing.
 */
export async function runSchemathesis(asked: {
  document: string;
  url: string;
  headers: Record<string, string>;
  examples: number;
  phases: string;
  seed: number;
  log: string;
}): Promise<boolean> {
  const { document, url, headers, examples, phases, seed, log } = asked;
  await mkdir(path.dirname(log), { recursive: true });
  const config = path.join(path.dirname(document), 'schemathesis.toml');
  // Too large is a refusal, too.
  const refusals = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429].map((status) => `"${status}"`);
  await writeFile(config, `[checks.negative_data_rejection]\nexpected-statuses = [${refusals.join(', ')}]\n`);
  const child = spawn(
    'python3',
    [
      ...[
        '-m',
        'schemathesis.cli',
        '--config-file',
        config,
        'run',
        document,
        '--url',
        url,
        '--phases',
        phases,
        '--max-examples',
        String(examples),
      ],
      ...['--seed', String(seed), '--checks', checks.join(','), '--continue-on-failure', '--no-color', '--no-shrink'],
      ...['--generation-database', 'none', '--suppress-health-check', 'all', '--warnings', 'off', '--workers', '1'],
      // Who asks is what the run is about: no other name or code is made up.
      ...['--generation-with-security-parameters', 'false', '--request-timeout', '60', '--output-truncate', 'false'],
      ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PYTHONPATH: folder, PYTHONUTF8: '1' },
      cwd: path.dirname(log),
    },
  );
  const file = createWriteStream(log);
  child.stdout.pipe(file, { end: false });
  child.stderr.pipe(file, { end: false });
  const [code] = (await once(child, 'close')) as [number | null];
  file.end();
  return code === 0;
}
