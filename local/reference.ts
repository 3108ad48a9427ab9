import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { inProject } from '../config/index.js';
import type { AnyWorker } from '../workers/define-worker.js';
import { workers } from '../workers/registry.js';

/**
 * `npm run reference`: writes what follows from the workers' declarations: element templates for Camunda Modeler, one a job type, and the page
 * that lists them. A guard fails while what is committed differs from what this writes.
 */
export const templatesFolder = inProject('bpmn', '.camunda', 'element-templates');
export const referencePage = inProject('docs', 'reference', 'job-types.md');

interface Field {
  name: string;
  required: boolean;
  /** In words: `text`, `one of a, b`, ... */
  form: string;
}

/** Every file by its path, with the content that it has to have. */
export async function referenceFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  // A listener is no task of its own: the Modeler has no template for one.
  for (const worker of workers.filter(({ listener }) => !listener))
    files.set(
      path.join(templatesFolder, `${worker.type}.json`),
      await formatted(JSON.stringify(templateOf(worker)), 'template.json'),
    );
  files.set(referencePage, await formatted(pageOf(workers), 'page.md'));
  return files;
}

/** The Modeler's template of a job type: the task's type is fixed, its variables are offered under their names. */
export function templateOf(worker: AnyWorker) {
  const { type, title, titleRu, act, description } = worker;
  return {
    $schema: 'https://unpkg.com/@camunda/zeebe-element-templates-json-schema/resources/schema.json',
    name: `${title} (${titleRu})`,
    id: `merzim.${type}`,
    version: 1,
    description: [description, act ? `Item ${act} of the act.` : null].filter(Boolean).join(' ') || title,
    appliesTo: ['bpmn:Task', 'bpmn:ServiceTask'],
    elementType: { value: 'bpmn:ServiceTask' },
    groups: [
      { id: 'input', label: 'What the step reads' },
      { id: 'output', label: 'What the step answers' },
    ],
    properties: [
      { type: 'Hidden', value: type, binding: { type: 'zeebe:taskDefinition', property: 'type' } },
      ...fieldsOf(worker.input, 'input').map(({ name, form, required }) => ({
        id: `input.${name}`,
        label: name,
        description: `${form}${required ? '' : '; may be missing'}. Left out: the variable of this name.`,
        group: 'input',
        type: 'String',
        feel: 'optional',
        optional: true,
        binding: { type: 'zeebe:input', name },
      })),
      ...fieldsOf(worker.output, 'output').map(({ name, form }) => ({
        id: `output.${name}`,
        label: name,
        description: `${form}. The variable that takes it; left out: one of this name.`,
        group: 'output',
        type: 'String',
        optional: true,
        binding: { type: 'zeebe:output', source: `=${name}` },
      })),
    ],
  };
}

function fieldsOf(schema: z.ZodObject, io: 'input' | 'output'): Field[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return Object.entries(properties).map(([name, value]) => ({
    name,
    required: required.includes(name),
    form: formOf(value as JsonSchema),
  }));
}

interface JsonSchema {
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  items?: JsonSchema;
}

function formOf(schema: JsonSchema): string {
  if (Array.isArray(schema.type)) return schema.type.map((type) => formOf({ ...schema, type })).join(' or ');
  if (schema.anyOf) return schema.anyOf.map(formOf).join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return `one of ${schema.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  if (schema.type === 'array') return `list of ${formOf(schema.items ?? {})}`;
  if (schema.format === 'date-time') return 'moment (ISO 8601)';
  const words: Record<string, string> = { string: 'text', boolean: 'yes or no', integer: 'number', object: 'context' };
  return words[schema.type ?? ''] ?? schema.type ?? 'anything';
}

function pageOf(all: readonly AnyWorker[]): string {
  const usedIn = diagramsByType();
  const list = (fields: Field[]): string =>
    fields.map(({ name, form, required }) => `\`${name}\`${required ? '' : '?'} (${form})`).join(', ') || 'nothing';
  const sections = [...all]
    .sort((a, b) => a.type.localeCompare(b.type))
    .map(
      (worker) => `## ${worker.type}

${worker.title} / ${worker.titleRu}${worker.act ? `, item ${worker.act}` : ''}. ${worker.description ?? ''}

- reads: ${list(fieldsOf(worker.input, 'input'))}
- answers: ${list(fieldsOf(worker.output, 'output'))}
- BPMN errors: ${worker.errors.map((code) => `\`${code}\``).join(', ') || 'none'}
- time for one try: ${worker.timeoutMs / 1000} s
- in: ${(usedIn.get(worker.type) ?? []).map((file) => `\`${file}\``).join(', ')}
`,
    );
  return `# Job types

Written by \`npm run reference\` from the workers' declarations: change those, not this page. A \`?\` marks what may be missing. The Modeler offers
the same as element templates (\`bpmn/.camunda/element-templates/\`).

${sections.join('\n')}`;
}

function diagramsByType(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const folder = inProject('bpmn');
  for (const file of readdirSync(folder, { recursive: true }).map(String).sort()) {
    if (!file.endsWith('.bpmn')) continue;
    const types = readFileSync(path.join(folder, file), 'utf8').matchAll(
      /<zeebe:(?:taskDefinition|executionListener) [^>]*type="([^"]+)"/g,
    );
    for (const type of new Set([...types].map(([, name = '']) => name)))
      found.set(type, [...(found.get(type) ?? []), `bpmn/${file}`]);
  }
  return found;
}

async function formatted(content: string, like: string): Promise<string> {
  return format(content, { ...(await resolveConfig(inProject(like))), filepath: like });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  rmSync(templatesFolder, { recursive: true, force: true });
  for (const [file, content] of await referenceFiles()) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  console.log(
    `${workers.length} job types: element templates and ${path.relative(inProject(), referencePage)} written`,
  );
}
