import { readdirSync } from 'node:fs';
import { inProject } from '../../config/index.js';
import { loadTemplate, type LetterTemplate } from '../../core/letter-template.js';

/** Every letter of `config/letters/` in every language that it is written in. */
export function readTemplates(): LetterTemplate[] {
  return readdirSync(inProject('config', 'letters'), { recursive: true, encoding: 'utf8' })
    .map((file) => /^(.+)\.([a-z]{2})\.md$/.exec(file.replaceAll('\\', '/')))
    .filter((parts) => parts !== null)
    .map(([, name, language]) => loadTemplate(name as string, language as string));
}
