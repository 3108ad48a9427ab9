import { loadTemplate, writtenLetters, type LetterTemplate } from '../../core/letter-template.js';

/** Every letter of `config/letters/` in every language that it is written in. */
export function readTemplates(): LetterTemplate[] {
  return [...writtenLetters()].flatMap(([name, languages]) =>
    languages.map((language) => loadTemplate(name, language)),
  );
}
