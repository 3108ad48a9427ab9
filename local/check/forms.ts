import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Diagram } from './diagrams.js';
import { glob } from './files.js';

/**
 * Components that a form may have. There is none for free text: what is typed into a form is kept by the engine, drafts included, so texts,
 * names and files are entered on the case file page (idea 3).
 */
const components = ['radio', 'select', 'checkbox', 'checklist', 'datetime', 'text', 'separator'] as const;
const answering = ['radio', 'select', 'checkbox', 'checklist', 'datetime'];

const componentSchema = z.looseObject({
  type: z.string(),
  id: z.string(),
  key: z.string().optional(),
  label: z.string().optional(),
  text: z.string().optional(),
  subtype: z.string().optional(),
  values: z.array(z.object({ label: z.string(), value: z.string() })).optional(),
  conditional: z.object({ hide: z.string() }).optional(),
});

const formSchema = z.looseObject({
  id: z.string(),
  executionPlatform: z.string(),
  executionPlatformVersion: z.string(),
  schemaVersion: z.number(),
  components: z.array(componentSchema),
});

export type Form = z.output<typeof formSchema> & { file: string };

export async function readForms(root: string, folder = 'bpmn'): Promise<Form[]> {
  const files = await glob(root, folder, '.form');
  return Promise.all(files.map(async (file) => parseForm(await readFile(path.join(root, file), 'utf8'), file)));
}

/** Throws naming the file that is no Camunda Form. */
export function parseForm(text: string, file: string): Form {
  const parsed = formSchema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  return { ...parsed.data, file };
}

/** Names of what a form answers. */
export const answersOf = (form: Form): string[] =>
  form.components.filter(({ type }) => answering.includes(type)).map(({ key }) => key ?? '');

/** Kazakh, a slash, Russian; with a hint that the two differ from one of them alone. */
const inBothLanguages = (text: string): boolean => /\S\s*(\/|\n)\s*\S/.test(text) && /\p{Script=Cyrillic}/u.test(text);

/** What is wrong with a form by itself. */
export function formFaults(form: Form): string[] {
  const faults: string[] = [];
  const fault = (what: string) => faults.push(`${form.file}: ${what}`);
  if (!/^[a-z]+(-[a-z]+)*$/.test(form.id) || !form.file.endsWith(`/${form.id}.form`))
    fault(`id ${form.id} has to be the file's name, in kebab case`);
  if (form.executionPlatform !== 'Camunda Cloud' || form.executionPlatformVersion !== '8.6.0')
    fault('execution platform has to be Camunda Cloud 8.6.0');
  if (form.schemaVersion > 17) fault(`schemaVersion ${form.schemaVersion} is newer than Camunda 8.6 reads; 17 at most`);
  for (const { type, id, key, label, text, subtype, values } of form.components) {
    if (!(components as readonly string[]).includes(type)) {
      fault(`${id} is a ${type}; a form has only ${components.join(', ')}, and no free text`);
      continue;
    }
    if (type === 'datetime' && subtype !== 'date') fault(`${id} has to ask for a date only`);
    if (answering.includes(type) && !/^[a-z]\w*$/.test(key ?? '')) fault(`${id} has to have a key in camel case`);
    if (answering.includes(type) && !inBothLanguages(label ?? ''))
      fault(`${id} has to have a label in Kazakh / Russian`);
    if (['radio', 'select', 'checklist'].includes(type) && !values?.length) fault(`${id} has to list its values here`);
    for (const value of values ?? [])
      if (!inBothLanguages(value.label)) fault(`${id} value ${value.value} has to have a label in Kazakh / Russian`);
    if (type === 'text' && !inBothLanguages(text ?? '') && !text?.startsWith('='))
      fault(`${id} has to be in Kazakh and Russian`);
    for (const [, sentence = ''] of text?.matchAll(/then "([^"]*)"/g) ?? [])
      if (!/\S \/ \S/.test(sentence)) fault(`${id}: "${sentence}" has to be in Kazakh / Russian`);
  }
  const texts = form.components.filter(({ type }) => type === 'text');
  if (!texts.some(({ text }) => text?.includes(']({{caseUrl}})')))
    fault('has to link to the case file page, {{caseUrl}}');
  if (!texts.some(({ text }) => text?.includes('{{caseNumber}}'))) fault('has to show {{caseNumber}}');
  if (!refusalText(form))
    fault('has to say why a decision was refused: a text that is hidden while refusalReason = null');
  return faults;
}

/** The text that a form shows when its task opened again after a refusal. */
export const refusalText = (form: Form): string | undefined =>
  form.components.find(({ conditional }) => conditional?.hide === '=refusalReason = null')?.text;

/** Where a form and the task that shows it differ in their answers. */
export function formTaskFaults(forms: readonly Form[], diagrams: readonly Diagram[]): string[] {
  return diagrams.flatMap(({ file, steps }) =>
    steps.flatMap((step) => {
      const form = forms.find(({ id }) => id === step.formId);
      if (!form) return [];
      const asked = answersOf(form);
      const mapped = [...step.outputs.keys()];
      return [
        ...asked
          .filter((name) => !mapped.includes(name))
          .map((name) => `${file} ${step.id}: the form's answer ${name} is not mapped`),
        ...mapped
          .filter((name) => !asked.includes(name))
          .map((name) => `${form.file}: does not ask for ${name}, which ${step.id} maps`),
      ];
    }),
  );
}

/** Refusals that a form does not put in words: the person would see a code. */
export const unwordedRefusals = (form: Form, codes: readonly string[]): string[] =>
  codes
    .filter((code) => !refusalText(form)?.includes(`refusalReason = "${code}"`))
    .map((code) => `${form.file}: refusal ${code} is not put in words`);
