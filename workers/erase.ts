import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { loadSettings, SettingsError } from '../config/index.js';
import { composeServices } from '../core/compose.js';
import { lineOf, parseErasures } from '../core/erasure-list.js';
import type { ErasedPerson } from '../core/erasures.js';
import { PermanentError } from '../core/errors.js';

const usage = `npm run erase -- (--subject ID | --case NUMBER --who applicant | --case NUMBER --who materials | --who employee:ID)
                  --by LOGIN --ground REFERENCE --yes [--open-cases-too]
npm run erase -- --list > FILE
npm run erase -- --replay [FILE]

Erases the key of a person: nothing that was sealed with it can be read again, in the database or in any backup. There is no way back.

  --who materials    the case's own texts and files: facts, uploaded documents, conclusion; they may tell of any person
  --by               login of who erases, for the trail
  --ground           reference of the request or decision, e.g. DPO-2026-17: no text, no name
  --list             every erasure, a line of JSON each: ERASURES_FILE keeps the same apart from the database
  --replay           erases what a restore brought back; with FILE also what that list has`;

const id = z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);

class WrongCall extends Error {}

function call() {
  const string = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      options: {
        ...{ subject: string, case: string, who: string, by: string, ground: string },
        ...{ yes: flag, 'open-cases-too': flag, list: flag, replay: flag, help: flag },
      },
      allowPositionals: true,
    });
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}

function personOf({ subject, case: number, who }: Record<string, unknown>): ErasedPerson {
  if (typeof subject === 'string' && id.safeParse(subject).success && !number && !who) return { subjectId: subject };
  const employeeId = typeof who === 'string' && /^employee:(.+)$/.exec(who)?.[1];
  if (employeeId && !subject) return { employeeId };
  if (typeof number === 'string' && (who === 'applicant' || who === 'materials') && !subject)
    return { caseNumber: number, who };
  throw new WrongCall('say whom: --subject ID, --case NUMBER --who applicant, or --who employee:ID');
}

async function main(): Promise<void> {
  const { values, positionals } = call();
  if (values.help) return console.log(usage);
  const erasing = !values.list && !values.replay;
  const person = erasing ? personOf(values) : null;
  const { by, ground } = values;
  if (erasing && (!by || !ground)) throw new WrongCall('--by and --ground are missing');
  if (erasing && !values.yes) throw new WrongCall('this can not be undone: add --yes');
  const more =
    values.replay && positionals[0] ? parseErasures(readFileSync(positionals[0], 'utf8'), positionals[0]) : [];
  const services = await composeServices(loadSettings(), 'erase');
  const { erasures, database } = services;
  try {
    if (values.list) for await (const erasure of erasures.list()) console.log(lineOf(erasure));
    else if (values.replay) console.log(`erased again: ${await erasures.replay(more)}`);
    else
      for (const subjectId of await erasures.find(person!)) {
        const actor = { kind: 'person', id: by! } as const;
        const done = await erasures.erase(actor, subjectId, { ground: ground!, openToo: values['open-cases-too'] });
        console.log(
          `${subjectId}: ${done ? 'erased; processes that run forget the key within 60 s' : 'was erased before'}`,
        );
      }
  } finally {
    await database.close();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof WrongCall) console.error(`${error.message}\n\n${usage}`);
    else if (error instanceof SettingsError || error instanceof PermanentError) console.error(error.message);
    else console.error(error);
    process.exit(error instanceof SettingsError ? 78 : error instanceof WrongCall ? 2 : 1);
  },
);
