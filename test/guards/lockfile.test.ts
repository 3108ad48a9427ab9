import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';

test('the lockfile names no address of a package service: where packages come from is for each machine to say', () => {
  const lines = readFileSync(inProject('package-lock.json'), 'utf8').split('\n');
  const service = /"resolved": "\w+:|registry\.|tidelift\.com/;
  expect(lines.flatMap((line, index) => (service.test(line) ? [`${index + 1}: ${line.trim()}`] : []))).toEqual([]);
});
