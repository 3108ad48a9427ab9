import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { describeSettings, inProject, SettingsError, type Settings } from '../../config/index.js';
import { parseSettings } from '../../config/schema.js';

/** One setting as the file shows it. */
interface Shown {
  name: string;
  description: string;
  optional: boolean;
  value: string;
}

const content = readFileSync(inProject('.env.example'), 'utf8');
const secret = 'x'.repeat(32);
const masterKey = Buffer.alloc(32, 7).toString('base64');

/** The settings of a file: a line `NAME=value` or `# NAME=value`, with its description in the comment line before it. */
function shownIn(text: string): Shown[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const found = /^(# )?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line);
    if (!found) return [];
    const [, hash, name = '', value = ''] = found;
    return [{ name, value, optional: hash !== undefined, description: (lines[index - 1] ?? '').replace(/^# /, '') }];
  });
}

/** The required settings of the file, its empty secrets filled in. */
function filledIn(): Record<string, string | undefined> {
  const given = parseEnv(content) as Record<string, string>;
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, value || (name === 'MASTER_KEY' ? masterKey : secret)]),
  );
}

function faultsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    parseSettings(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
}

describe('.env.example', () => {
  test('shows each setting of config/schema.ts once, with its description, and no other', () => {
    const shown = shownIn(content).map(({ name, description }) => ({ name, description }));
    const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name);
    expect(shown.sort(byName)).toEqual(describeSettings().sort(byName));
  });

  test('is complete: with its secrets filled in, a process starts by it', () => {
    expect(faultsOf(filledIn())).toEqual([]);
  });

  test('leaves out no # too many: without any one of the lines without it, the start names that setting', () => {
    for (const { name } of shownIn(content).filter(({ optional }) => !optional))
      expect(faultsOf({ ...filledIn(), [name]: undefined })).toEqual([expect.stringMatching(`^${name}: is missing`)]);
  });

  test('shows the defaults as they are', () => {
    const settings = parseSettings(filledIn());
    const examples = /^(CAMUNDA_OAUTH_URL|CAMUNDA_BASIC_|ZEEBE_CLIENT_|ENGINE_MANAGEMENT_URL|MAIL_WEB_URL|SKUD_URL$)/;
    const defaults = shownIn(content).filter(({ name, optional }) => optional && !examples.test(name));
    const withDefaults: Settings = parseSettings({
      ...filledIn(),
      ...Object.fromEntries(defaults.map(({ name, value }) => [name, value])),
    });
    expect(defaults.length).toBeGreaterThan(5);
    expect(withDefaults).toEqual(settings);
  });

  test('holds no secret', () => {
    for (const { name, value } of shownIn(content))
      if (/SECRET|KEY$|PASSWORD/.test(name)) expect({ name, value }).toEqual({ name, value: '' });
  });

  test('its reader finds what a wrong file lacks', () => {
    const wrong = '# what it is\n# NAME=1\nOTHER=\nnot a setting = 1\n';
    expect(shownIn(wrong)).toEqual([
      { name: 'NAME', value: '1', optional: true, description: 'what it is' },
      { name: 'OTHER', value: '', optional: false, description: 'NAME=1' },
    ]);
  });
});
