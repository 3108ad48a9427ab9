/**
 * `npm run letter -- inspection/receipt --lang kk [--lang ru] [--out FILE] [--organisation demo]`: a letter of `config/letters/` filled
 * with sample data, to look at while writing it. Writes PDF, HTML and plain text into `.merzim/letters/`, or one of them to FILE, which ends
 * in .pdf, .html or .txt. Without a name: lists the letters. Needs no database and no engine.
 * Ends with 1 when the letter is faulty, with 2 when the call is wrong.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { inProject, loadOrganisation, SettingsError, type Organisation } from '../config/index.js';
import { PermanentError } from '../core/errors.js';
import { renderMail, renderPdf, type LetterContent } from '../core/letter-render.js';
import { loadTemplate, writtenLetters, type LetterTemplate } from '../core/letter-template.js';
import { letterPreview, letterSamples } from './letter-samples.js';

class UsageError extends Error {}

const usage = 'usage: npm run letter -- NAME --lang kk [--lang ru] [--out FILE.pdf|.html|.txt] [--organisation NAME]';
const forms = ['pdf', 'html', 'txt'] as const;
type Form = (typeof forms)[number];

function readCall(args: string[]) {
  let call;
  try {
    call = parseArgs({
      args,
      allowPositionals: true,
      options: {
        lang: { type: 'string', multiple: true },
        out: { type: 'string' },
        organisation: { type: 'string', default: process.env.ORGANISATION ?? 'demo' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = call;
  if (positionals.length > 1) throw new UsageError(`one letter at a time: ${positionals.join(', ')}`);
  const { out } = values;
  if (out !== undefined && !isForm(path.extname(out).slice(1)))
    throw new UsageError(`--out ${out}: expected a name that ends in .pdf, .html or .txt`);
  return { ...values, name: positionals[0] };
}

const isForm = (ending: string): ending is Form => (forms as readonly string[]).includes(ending);

/** The letter in the languages that were asked for, else in those of the organisation. */
function templatesOf(name: string, asked: string[] | undefined, organisation: Organisation): LetterTemplate[] {
  const written: readonly string[] | undefined = writtenLetters().get(name);
  if (!written) throw new UsageError(`there is no letter '${name}'; npm run letter lists them`);
  const languages = asked ?? organisation.languages.filter((language) => written.includes(language));
  for (const language of languages)
    if (!written.includes(language))
      throw new UsageError(`${name} is not written in '${language}': expected ${written.join(' or ')}`);
  if (languages.length === 0) throw new UsageError(`${name} is written in ${written.join(' and ')}: give --lang`);
  return languages.map((language) => loadTemplate(name, language));
}

function listLetters(): string {
  return [...writtenLetters()].map(([name, languages]) => `${name}  ${languages.join(' ')}\n`).join('');
}

async function main(): Promise<void> {
  const { name, lang, organisation: organisationName, out } = readCall(process.argv.slice(2));
  if (name === undefined) {
    process.stdout.write(`${listLetters()}\n${usage}\n`);
    return;
  }
  const organisation = loadOrganisation(organisationName);
  const templates = templatesOf(name, lang, organisation);
  const data = letterSamples[name];
  if (!data) throw new PermanentError(`local/letter-samples.ts has no data for ${name}: add some`);
  const content: LetterContent = {
    ...letterPreview,
    addressee: templates[0]?.kind === 'letter' ? letterPreview.addressee : null,
    templates,
    data,
    organisation,
  };
  const { html, text } = renderMail(content);
  const written: Record<Form, () => string | Promise<Buffer>> = {
    pdf: () => renderPdf(content),
    html: () => html,
    txt: () => text,
  };
  const base = [name.replace('/', '-'), ...templates.map(({ language }) => language)].join('.');
  const files = out ? [out] : forms.map((form) => inProject('.merzim', 'letters', `${base}.${form}`));
  for (const file of files) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, await written[path.extname(file).slice(1) as Form]());
    process.stdout.write(`${path.relative(process.cwd(), file)}\n`);
  }
  const unreviewed = templates.filter(({ reviewed }) => reviewed === false).map(({ language }) => language);
  if (unreviewed.length) process.stdout.write(`no lawyer has reviewed the wording: ${unreviewed.join(', ')}\n`);
}

main().catch((error: unknown) => {
  const known = error instanceof UsageError || error instanceof PermanentError || error instanceof SettingsError;
  const asked = error instanceof UsageError ? `\n${usage}` : '';
  process.stderr.write(`${known ? `${error.message}${asked}` : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
