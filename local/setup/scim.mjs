/** Fetches a SCIM server that is not ours, for the test of the connector with SKUD. The set-up goes on without it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cache, say } from './steps.mjs';
import { pipInstall } from './pip.mjs';

/** With all that it needs, so that nothing newer comes by itself. Python 3.11 or later. */
const PINNED = [
  ...['scim2-server==0.8.3', 'scim2-models==0.12.3', 'lark==1.3.1', 'pydantic==2.14.4', 'pydantic-core==2.50.5'],
  ...['annotated-types==0.8.0', 'email-validator==2.4.0', 'dnspython==2.9.2', 'idna==3.20'],
  ...['typing-extensions==4.16.0', 'typing-inspection==0.4.5'],
];

export async function fetchScimServer() {
  const folder = join(cache, 'scim2-server');
  if (existsSync(join(folder, 'scim2_server'))) return;
  say('fetching scim2-server with pip (5 MB)');
  if (!(await pipInstall('scim2-server', PINNED, folder)))
    say('scim2-server: not to be had (it wants Python 3.11 with pip); its part of the connector test will say so');
}
