import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { JWK } from 'oidc-provider';

export interface IdentityKeys {
  /** Signs ID tokens and access tokens. */
  jwks: { keys: JWK[] };
  /** Signs the provider's cookies. */
  cookieKeys: string[];
}

/**
 * The keys of a profile: read from `file`, or made and written there (mode 0600), so that tokens stay good when the provider is
 * started again. Without a file they last as long as the process.
 */
export function identityKeys(file: string | undefined): IdentityKeys {
  if (!file) return makeKeys();
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as IdentityKeys;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const keys = makeKeys();
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.tmp`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
  return keys;
}

function makeKeys(): IdentityKeys {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = privateKey.export({ format: 'jwk' });
  return {
    jwks: { keys: [{ ...jwk, use: 'sig', alg: 'RS256', kid: randomBytes(8).toString('hex') }] },
    cookieKeys: [randomBytes(32).toString('base64url')],
  };
}
