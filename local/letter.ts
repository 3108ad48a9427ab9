/**
 * `npm run letter -- inspection/receipt --lang kk [--lang ru] [--out FILE] [--organisation demo]`: a letter of `config/letters/` filled
 * with sample data, to look at while writing it. FILE ends in .pdf (the default), .html or .txt. Without a name: lists the letters.
 * Ends with 1 when the letter is faulty, with 2 when the call is wrong.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadOrganisation, SettingsError } from '../config/index.js';
import { PermanentError } from '../core/errors.js';
import { renderMail, renderPdf, type LetterContent } from '../core/letter-render.js';
import { loadTemplate } from '../core/letter-template.js';
import { letterPreview, letterSamples } from './letter-samples.js';

class UsageError extends Error {}

const usage = 'usage: npm run letter -- NAME --lang kk [--lang ru] [--out FILE.pdf|.html|.txt] [--organisation NAME]';

function readCall(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        lang: { type: 'string', multiple: true, default: ['kk', 'ru'] },
        out: { type: 'string' },
        organisation: { type: 'string', default: process.env.ORGANISATION ?? 'demo' },
      },
    });
    return { ...values, name: positionals[0], languages: values.lang };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function contentFor(content: LetterContent, file: string): Promise<string | Buffer> {
  if (file.endsWith('.pdf')) return renderPdf(content);
  if (file.endsWith('.html')) return renderMail(content).html;
  if (file.endsWith('.txt')) return renderMail(content).text;
  throw new UsageError(`--out ${file}: expected a name that ends in .pdf, .html or .txt`);
}

async function main(): Promise<void> {
  const { name, languages, organisation, out } = readCall(process.argv.slice(2));
  if (!name) {
    process.stdout.write(`${Object.keys(letterSamples).join('\n')}\n\n${usage}\n`);
    return;
  }
  const templates = languages.map((language) => loadTemplate(name, language));
  const content: LetterContent = {
    ...letterPreview,
    addressee: templates[0]?.kind === 'letter' ? letterPreview.addressee : null,
    templates,
    data: letterSamples[name] ?? {},
    organisation: loadOrganisation(organisation),
  };
  const file = out ?? `${name.replace('/', '-')}.pdf`;
  writeFileSync(file, await contentFor(content, file));
  const unreviewed = templates.filter(({ reviewed }) => reviewed === false).map(({ language }) => language);
  process.stdout.write(
    `${file}${unreviewed.length ? ` (no lawyer has reviewed the wording: ${unreviewed.join(', ')})` : ''}\n`,
  );
}

main().catch((error: unknown) => {
  const known = error instanceof UsageError || error instanceof PermanentError || error instanceof SettingsError;
  const asked = error instanceof UsageError ? `\n${usage}` : '';
  process.stderr.write(`${known ? `${error.message}${asked}` : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
