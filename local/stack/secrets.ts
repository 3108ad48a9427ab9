import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Made once for a profile's data and kept beside them: without the master key the stored cases can't be read. */
export interface StackSecrets {
  mongoKeyFile: string;
  mongoAdmin: string;
  mongoApplication: string;
  masterKey: string;
  sessionSecret: string;
  oidcClientSecret: string;
  nitClientSecret: string;
  skudToken: string;
  skudEvents: string;
  /** Ed25519, PEM. */
  sealerKey: string;
}

/** Reads the secrets of a data folder, or makes them, or those that an older version didn't have (file mode 0600). */
export function stackSecrets(dataFolder: string): StackSecrets {
  const file = path.join(dataFolder, 'secrets.json');
  let stored: Partial<StackSecrets> = {};
  try {
    stored = JSON.parse(readFileSync(file, 'utf8')) as Partial<StackSecrets>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const word = (): string => randomBytes(24).toString('base64url');
  const made: StackSecrets = {
    mongoKeyFile: randomBytes(96).toString('base64'),
    mongoAdmin: word(),
    mongoApplication: word(),
    masterKey: randomBytes(32).toString('base64'),
    sessionSecret: randomBytes(32).toString('hex'),
    oidcClientSecret: word(),
    nitClientSecret: word(),
    skudToken: word(),
    skudEvents: word(),
    sealerKey: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  const secrets = { ...made, ...stored };
  if (Object.keys(made).every((name) => name in stored)) return secrets;
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.tmp`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
  return secrets;
}
