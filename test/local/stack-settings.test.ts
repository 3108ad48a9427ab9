import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeSettings, parseSettings } from '../../config/schema.js';
import { choosePorts } from '../../local/stack/ports.js';
import { stackSecrets } from '../../local/stack/secrets.js';
import { mongod } from '../../local/stack/components/mongod.js';
import { applicationSettings, identitySettings } from '../../local/stack/settings.js';
import { stackFolders, type Site } from '../../local/stack/site.js';
import { startStack } from '../../local/stack/stack.js';

let home: string;
const environment = { ...process.env };
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'merzim-stack-'));
});
afterEach(() => {
  process.env = { ...environment };
  rmSync(home, { recursive: true, force: true });
});

const site = (travel = false): Site => {
  const folders = stackFolders('test', home);
  const tools = { javaHome: null, engineDir: null, mongod: null };
  return { folders, ports: choosePorts(1000, {}), secrets: stackSecrets(folders.data), tools, travel, operate: true };
};

describe('the ports of a stack', () => {
  test('are the usual ones plus the offset', () => {
    expect(choosePorts(1000, {})).toMatchObject({ mongod: 28_017, grpc: 27_500, web: 9080, api: 4000 });
  });

  test('can each be set', () => {
    expect(choosePorts(0, { MERZIM_PORT_MAIL_WEB: '1234' })).toMatchObject({ mailWeb: 1234, smtp: 1025 });
  });

  test.each(['0', '65536', 'web', '80.5'])('are refused when one is %s', (port) => {
    expect(() => choosePorts(0, { MERZIM_PORT_WEB: port })).toThrow(`MERZIM_PORT_WEB: ${port} is no port; expected`);
  });

  test('are refused when browsers would refuse one', () => {
    expect(() => choosePorts(2000, {})).toThrow(
      'port of web: browsers refuse 10080; choose another offset, or set MERZIM_PORT_WEB',
    );
  });
});

describe('the settings of a stack', () => {
  test('are all that an application process needs', () => {
    const settings = parseSettings(applicationSettings(site(true), {}));
    expect(settings.clock.travel).toBe(true);
    expect(settings.engine.managementUrl).toBe('http://127.0.0.1:10600');
  });

  test('let the engine not be moved in time unless it was asked for', () => {
    expect(applicationSettings(site(), {})).not.toHaveProperty('ENGINE_MANAGEMENT_URL');
  });

  test('prefer what the user brings, and keep no embedded value beside it', () => {
    const env = applicationSettings(site(true), {
      ZEEBE_GRPC_ADDRESS: 'grpcs://zeebe.example:443',
      ZEEBE_REST_ADDRESS: 'https://zeebe.example',
      TASKLIST_URL: 'https://tasklist.example',
      SMTP_URL: 'smtps://mail.example',
    });
    expect(env).toMatchObject({
      ZEEBE_REST_ADDRESS: 'https://zeebe.example',
      CLOCK_TRAVEL: 'false',
      SMTP_URL: 'smtps://mail.example',
    });
    for (const name of ['OPERATE_URL', 'OPENSEARCH_URL', 'ENGINE_MANAGEMENT_URL', 'MAIL_WEB_URL'])
      expect(env).not.toHaveProperty(name);
  });

  test('take over every setting of the application that is given, but for what the stack decides', () => {
    const names = describeSettings().map(({ name }) => name);
    const env = applicationSettings(site(), Object.fromEntries(names.map((name) => [name, `given ${name}`])));
    const own = names.filter((name) => env[name] !== `given ${name}`);
    expect(own.sort()).toEqual(['API_HOST', 'API_PORT', 'CLOCK_TRAVEL', 'ENGINE_MANAGEMENT_URL', 'HEALTH_PORT']);
    expect(applicationSettings(site(), { INTAKE_PER_MINUTE: '7' })).toMatchObject({ INTAKE_PER_MINUTE: '7' });
    expect(applicationSettings(site(), { NOT_OURS: '7' })).not.toHaveProperty('NOT_OURS');
  });

  test('take over what a file holds in place of the embedded value', () => {
    const file = path.join(home, 'mongodb-uri');
    writeFileSync(file, 'mongodb://db.example/?replicaSet=rs0\n');
    const env = applicationSettings(site(), { MONGODB_URI_FILE: file, SMTP_URL_FILE: file });
    expect(env).toMatchObject({ MONGODB_URI: 'mongodb://db.example/?replicaSet=rs0' });
    expect(env).not.toHaveProperty('MAIL_WEB_URL');
  });

  test("of the identity provider hold no key, no secret but its client's, and no address of a database", () => {
    const all = applicationSettings(site(), {});
    const env = identitySettings(all);
    expect(Object.keys(env).sort()).toEqual([
      'ISSUER',
      'NODE_ENV',
      'OIDC_CLIENT_ID',
      'OIDC_CLIENT_SECRET',
      'PUBLIC_URL',
      'USERS_FILE',
    ]);
    for (const name of ['MASTER_KEY', 'SESSION_SECRET', 'MONGODB_URI', 'NIT_CLIENT_SECRET', 'SKUD_TOKEN'])
      expect(Object.values(env)).not.toContain(all[name]);
  });

  test('let go of the locks of a killed process within seconds', () => {
    const tools = { javaHome: null, engineDir: null, mongod: '/usr/bin/mongod' };
    const { args } = mongod({ ...site(), tools }).command;
    expect(args).toContain('transactionLifetimeLimitSeconds=20');
  });

  test('keep their secrets from one start to the next, readable by their owner alone', () => {
    const first = site();
    expect(site().secrets).toEqual(first.secrets);
    expect(statSync(path.join(first.folders.data, 'secrets.json')).mode & 0o777).toBe(0o600);
  });
});

describe('a stack of which the user brings everything', () => {
  test('starts nothing and hands on the addresses', async () => {
    const given = {
      MONGODB_URI: 'mongodb://db.example/?replicaSet=rs0',
      ZEEBE_GRPC_ADDRESS: 'grpcs://zeebe.example:443',
      ZEEBE_REST_ADDRESS: 'https://zeebe.example',
      SMTP_URL: 'smtps://mail.example',
      OIDC_ISSUER: 'https://id.example/',
      NIT_URL: 'https://nit.example',
      SKUD_URL: 'https://skud.example',
    };
    Object.assign(process.env, given);
    const skipped: string[] = [];
    const stack = await startStack({
      profile: 'test',
      home,
      onProgress: (event) => event.kind === 'skipped' && skipped.push(event.component),
    });
    expect(stack.pids()).toEqual({});
    expect(stack.env).toMatchObject(given);
    expect(stack.adminMongodbUri).toBeNull();
    expect(skipped).toEqual(['database', 'engine', 'mail', 'identity', 'nit', 'skud']);
    await stack.stop();
  });
});
