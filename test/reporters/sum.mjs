/**
 * `node test/reporters/sum.mjs FILE`: prints the sum of a run of jest (its `--json --outputFile=FILE`) as one plain line,
 * `N passed, N failed`. A test file that could not be run at all counts as one failed. Exit code 1 when anything failed, when no test
 * passed, or when there is no such file: then jest ended before it had a result.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** @param {{ numPassedTests: number, numFailedTests: number, numRuntimeErrorTestSuites: number, success: boolean }} result of jest */
export function sumUp({ numPassedTests: passed, numFailedTests, numRuntimeErrorTestSuites, success }) {
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  return { line: `${passed} passed, ${failed} failed`, good: success && failed === 0 && passed > 0 };
}

function main() {
  const file = process.argv[2] ?? '';
  let result;
  try {
    result = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`no test ran to its end: the result of jest can't be read: ${error.message}`);
    process.exit(1);
  }
  const { line, good } = sumUp(result);
  console.log(line);
  process.exit(good ? 0 : 1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
