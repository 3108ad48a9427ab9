import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { inProject } from './root.js';
import { SettingsError } from './schema.js';

/** The languages of an organisation's letters and public pages; staff pages add English. The first is the language of its state. */
export const languagesOf = { KZ: ['kk', 'ru'], KG: ['ky', 'ru'] } as const;

const word = z.string().min(1);

/** A name in the languages of a jurisdiction and in English. Asked for in the language of the other one, it answers in Russian. */
const namesIn = (own: 'kk' | 'ky') =>
  z.strictObject({ [own]: word, ru: word, en: word }).transform((given) => {
    const { kk, ky, ru, en } = given as { kk?: string; ky?: string; ru: string; en: string };
    return { kk: kk ?? ru, ky: ky ?? ru, ru, en };
  });
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
/** Of a system or one of its functions; safe in the trail and the engine. */
const registryCode = z.string().regex(/^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$/);

const countries = ['KZ', 'KG'] as const;
const officeHours = z.strictObject({ start: z.string().regex(/^\d\d:\d\d$/), end: z.string().regex(/^\d\d:\d\d$/) });

/** Zones of legal days where the organisation is not at home; at home its own `timeZone` holds. */
const zones = { KZ: 'Asia/Almaty', KG: 'Asia/Bishkek' } as const;

/** What the file of an organisation holds: who deploys, which acts are on, and the terms where an act sets none. */
const organisationIn = (jurisdiction: keyof typeof languagesOf) => {
  const spoken: readonly string[] = languagesOf[jurisdiction];
  const names = namesIn(languagesOf[jurisdiction][0]);
  return z.strictObject({
    name: names,
    shortName: names.optional(),
    fictional: z.boolean().describe('true marks every page and letter as a demonstration'),
    orgCode: z.string().regex(/^[a-z0-9-]+$/),
    jurisdiction: z.enum(countries),
    timeZone: z.string().min(1),
    officeHours,
    officeHoursAbroad: z
      .partialRecord(z.enum(countries), officeHours)
      .default({})
      .describe(
        'office hours of the other jurisdiction, where an act of its own is on: its terms go by its days and hours',
      ),
    digest: z
      .strictObject({
        at: z.string().regex(/^\d\d:\d\d$/),
        daysAhead: z.number().int().min(0).max(31),
      })
      .default({ at: '08:30', daysAhead: 5 })
      .describe('when the daily digest goes out on working days, in timeZone, and how many days ahead it looks'),
    languages: z
      .array(
        z.enum(['kk', 'ru', 'ky']).refine((language) => spoken.includes(language), `expected ${spoken.join(' or ')}`),
      )
      .min(1),
    acts: z.record(
      z.string(),
      z.strictObject({
        on: z.boolean(),
        citation: names,
        legalBasis: z.string(),
        purpose: z.string(),
        effectiveFrom: day.describe('AMB-GEN-02: the day the act took effect; required while it is on'),
      }),
    ),
    terms: z
      .record(
        z.string().regex(/^DL-[A-Z]+-\d+$/),
        z.strictObject({ length: z.number().int().positive(), unit: z.enum(['WD', 'CD', 'DUR']) }),
      )
      .default({})
      .describe('terms of our own where the act is silent (AMB-INS-03, AMB-INS-04)'),
    authorisedBody: z
      .array(z.strictObject({ name: names, email: z.email(), validFrom: day }))
      .min(1)
      .describe('AMB-INS-06: the authorised body in the field of informatization, by date'),
    centralOffice: z.strictObject({ name: names, email: z.email() }),
    branches: z.array(z.strictObject({ code: z.string().regex(/^[A-Z0-9]{2,8}$/), name: names, email: z.email() })),
    access: z
      .strictObject({
        systems: z
          .array(
            z.strictObject({
              code: registryCode,
              name: names,
              functions: z.array(z.strictObject({ code: registryCode, name: names })).min(1),
              owner: names.optional().describe('ACC-57, R3(17): whose system it is'),
              possessor: names
                .optional()
                .describe('ACC-57, R3(5): who holds it by an agreement; the owner where left out (AMB-TECH-09)'),
            }),
          )
          .describe('ACC-01: the managed systems with the functions that can be asked for'),
        applicants: z
          .array(
            z.strictObject({
              bin: z.string().regex(/^\d{12}$/),
              name: names,
              kind: z
                .enum(['stateBody', 'publicInstitution', 'other'])
                .describe('R30: access is for staff of the first two; others need a norm of legislation'),
              region: word.optional(),
              mailDomains: z
                .array(z.string().regex(/^[a-z0-9.-]+$/))
                .min(1)
                .describe('AMB-ACC-10: of corporate addresses'),
              own: z.boolean().default(false).describe('whether its staff is our own directory'),
            }),
          )
          .describe('R3(14): who applies for its employees'),
      })
      .default({ systems: [], applicants: [] })
      .describe('access to information systems (Order No. 419)'),
    technicalSupport: z
      .strictObject({ phone: z.string().regex(/^\+?[0-9 ()-]{5,24}$/), email: z.email() })
      .optional()
      .describe('R13, TECH-06: where users report a technical failure by phone or mail; shown on the feedback page'),
    securityCentre: z
      .strictObject({ name: names, email: z.email() })
      .optional()
      .describe(
        'TECH-37: the operational centre of information security; it is told of each confirmed violation, where one is named',
      ),
    duty: z.strictObject({ email: z.email() }).describe('who is told of clocks that run out and of faults'),
  });
};

const isKyrgyz = (content: unknown): boolean =>
  typeof content === 'object' && content !== null && 'jurisdiction' in content && content.jurisdiction === 'KG';

export type Organisation = z.infer<ReturnType<typeof organisationIn>>;

/** Reads `config/organisation/<name>.json`. Throws {@link SettingsError} naming every wrong field. */
export function loadOrganisation(name: string): Organisation {
  const file = inProject('config', 'organisation', `${name}.json`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new SettingsError([
      `ORGANISATION: config/organisation/${name}.json can't be read: ${(error as Error).message}`,
    ]);
  }
  return readOrganisation(name, content);
}

/** Checks what a file of an organisation holds. Throws {@link SettingsError} naming every wrong field. */
export function readOrganisation(name: string, content: unknown): Organisation {
  const parsed = organisationIn(isKyrgyz(content) ? 'KG' : 'KZ').safeParse(content);
  if (parsed.success) return parsed.data;
  throw new SettingsError(
    parsed.error.issues.map((issue) => `config/organisation/${name}.json: ${issue.path.join('.')}: ${issue.message}`),
  );
}

/** The authorised body (AMB-INS-06) on a legal day, or undefined when the file names none for it. */
export function authorisedBodyOn(
  org: Organisation,
  legalDay: string,
): Organisation['authorisedBody'][number] | undefined {
  return org.authorisedBody
    .filter((body) => body.validFrom <= legalDay)
    .sort((a, b) => a.validFrom.localeCompare(b.validFrom))
    .at(-1);
}

/**
 * By whose zone and office hours a term of a country is counted: at home the organisation's own, else those of the country.
 * @throws SettingsError when the file has no office hours for it.
 */
export function placeOf(
  org: Organisation,
  country: Organisation['jurisdiction'],
): { zone: string; officeHours: Organisation['officeHours'] } {
  if (country === org.jurisdiction) return { zone: org.timeZone, officeHours: org.officeHours };
  const abroad = org.officeHoursAbroad[country];
  if (abroad) return { zone: zones[country], officeHours: abroad };
  throw new SettingsError([
    `config/organisation of ${org.orgCode}: officeHoursAbroad.${country} is missing, and a term of ${country} is to be counted`,
  ]);
}
