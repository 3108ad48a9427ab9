import { existsSync, readFileSync } from 'node:fs';
import { inProject } from '../../config/root.js';

/** What local/setup.mjs found or built; a value is null when the user brings that component. */
export interface Tools {
  javaHome: string | null;
  engineDir: string | null;
  mongod: string | null;
  chromium?: string;
}

/** Reads .merzim/cache/tools.json. Throws with the command to run when it is missing or names what is no longer there. */
export function readTools(file = inProject('.merzim', 'cache', 'tools.json')): Tools {
  const remedy = 'run: node local/setup.mjs start';
  let tools: Tools;
  try {
    tools = JSON.parse(readFileSync(file, 'utf8')) as Tools;
  } catch {
    throw new Error(`${file} can't be read; ${remedy}`);
  }
  for (const [name, place] of Object.entries(tools) as [string, string | null][]) {
    if (place !== null && !existsSync(place)) throw new Error(`${name}: ${place} is not there any more; ${remedy}`);
  }
  return tools;
}

/** A tool that the embedded component needs. Throws when the set-up was run without it. */
export function need(tools: Tools, name: 'javaHome' | 'engineDir' | 'mongod'): string {
  const place = tools[name];
  if (place === null) throw new Error(`${name} was not set up; run: node local/setup.mjs start`);
  return place;
}
