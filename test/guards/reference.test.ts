import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { referenceFiles, templateOf, templatesFolder } from '../../local/reference.js';
import { defineWorker } from '../../workers/define-worker.js';

test('element templates and the page of job types are what the workers declare; npm run reference writes them', async () => {
  const files = await referenceFiles();
  const differing = [...files].filter(([file, content]) => {
    try {
      return readFileSync(file, 'utf8') !== content;
    } catch {
      return true;
    }
  });
  expect(differing.map(([file]) => path.basename(file))).toEqual([]);
  const left = readdirSync(templatesFolder).filter((name) => !files.has(path.join(templatesFolder, name)));
  expect(left).toEqual([]);
});

describe('a template', () => {
  test('says what a worker declares, in words', () => {
    const worker = defineWorker({
      type: 'inspection.weigh-facts',
      title: 'Weigh facts',
      titleRu: 'Взвесить факты',
      act: 'R7',
      input: z.object({ kind: z.enum(['a', 'b']), at: z.iso.datetime().nullish() }),
      output: z.object({ weighed: z.boolean() }),
      run: () => Promise.resolve({ weighed: true }),
    });
    const { properties, description } = templateOf(worker);
    expect(description).toBe('Item R7 of the act.');
    expect(properties.map((property) => 'description' in property && property.description)).toEqual([
      false,
      'one of "a", "b". Left out: the variable of this name.',
      'moment (ISO 8601) or null; may be missing. Left out: the variable of this name.',
      'yes or no. The variable that takes it; left out: one of this name.',
    ]);
  });
});
