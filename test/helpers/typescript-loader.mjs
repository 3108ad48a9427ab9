/**
 * Lets a child process run the project's TypeScript as it stands, without a build that could be stale:
 * `node --import ./test/helpers/typescript-loader.mjs local/simulators/nit/main.ts`.
 */
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

export async function resolve(specifier, context, next) {
  const fromTypeScript = /\.tsx?$/.test(context.parentURL ?? '');
  if (!fromTypeScript || !specifier.startsWith('.') || !specifier.endsWith('.js')) return next(specifier, context);
  for (const extension of ['.ts', '.tsx']) {
    try {
      return await next(specifier.replace(/\.js$/, extension), context);
    } catch (error) {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    }
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!/\.tsx?$/.test(url)) return next(url, context);
  const { transformFile } = await import('@swc/core');
  const { fileURLToPath } = await import('node:url');
  const { code } = await transformFile(fileURLToPath(url), {
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', tsx: url.endsWith('x') },
      transform: { react: { runtime: 'automatic', importSource: 'preact' } },
    },
    module: { type: 'es6' },
    sourceMaps: 'inline',
  });
  return { format: 'module', source: code, shortCircuit: true };
}
