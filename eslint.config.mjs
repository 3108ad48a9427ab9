import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

/** Habit 4: ask the clock, never the wall. `core/clock.ts` alone reads it; spans are measured with `performance.now()`. */
export const noWallClock = [
  'error',
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'new Date() reads the wall clock: ask clock.legalNow() or clock.wallNow() (core/clock.ts).',
  },
  {
    selector: "CallExpression[callee.name='Date']",
    message: 'Date() reads the wall clock: ask clock.legalNow() or clock.wallNow() (core/clock.ts).',
  },
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: 'Date.now reads the wall clock: ask clock.legalNow() or clock.wallNow() (core/clock.ts).',
  },
  {
    selector: "MemberExpression[object.name='Temporal'][property.name='Now']",
    message: 'Temporal.Now reads the wall clock: ask clock.legalNow() or clock.wallNow() (core/clock.ts).',
  },
];

export default tseslint.config(
  { ignores: ['dist/', '.merzim/', 'coverage/', 'local/engine/**/target/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // What factories return are objects of functions that know no `this`.
      '@typescript-eslint/unbound-method': 'off',
      // A function that keeps a promise's contract may have nothing to wait for.
      '@typescript-eslint/require-await': 'off',
    },
  },
  { rules: { eqeqeq: ['error', 'always', { null: 'ignore' }], 'no-restricted-syntax': noWallClock } },
  { files: ['core/clock.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['test/**/*.test.ts'],
    plugins: { jest },
    rules: {
      'jest/no-focused-tests': 'error',
      'jest/no-disabled-tests': 'error',
      'jest/no-identical-title': 'error',
      'jest/valid-expect': 'error',
    },
  },
);
