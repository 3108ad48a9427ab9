/** Three processes at most: one goes through the files that use the stack, the others through those that need none (test/runner.mjs). */
export default {
  testEnvironment: '<rootDir>/test/environment.mjs',
  runner: '<rootDir>/test/runner.mjs',
  testSequencer: '<rootDir>/test/sequencer.mjs',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', tsx: true, decorators: false },
          transform: { react: { runtime: 'automatic', importSource: 'preact' } },
        },
        module: { type: 'es6' },
      },
    ],
  },
  globalSetup: '<rootDir>/test/global-setup.mjs',
  globalTeardown: '<rootDir>/test/global-teardown.mjs',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.merzim/', '<rootDir>/local/engine/target/'],
  watchPathIgnorePatterns: ['<rootDir>/.merzim/'],
  maxWorkers: 3,
  // Generous: a machine under load is slow, and what hangs fails all the same.
  testTimeout: 120_000,
};
