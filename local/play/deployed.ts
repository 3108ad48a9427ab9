import { readdirSync, readFileSync } from 'node:fs';
import { inProject } from '../../config/index.js';
import { waitFor } from './tasks.js';

/** Ids of all forms in `bpmn/`. */
export function formIds(): string[] {
  return readdirSync(inProject('bpmn'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.form'))
    .map((file) => (JSON.parse(readFileSync(inProject('bpmn', file), 'utf8')) as { id: string }).id);
}

/**
 * Waits until Tasklist has imported every deployed form: a task made before never shows its form. Reads Tasklist's index of the embedded
 * OpenSearch; a real cluster has had its forms for long.
 */
export async function awaitForms(opensearchUrl: string): Promise<void> {
  const ids = formIds();
  await waitFor(
    async () => {
      const response = await fetch(
        `${opensearchUrl}/tasklist-form-*/_search?size=1000&_source=bpmnId,formKey,id,isDeleted`,
      );
      const found = JSON.stringify(await response.json());
      return ids.every((id) => found.includes(`"${id}"`));
    },
    'Tasklist to import the forms',
    120_000,
  );
}
