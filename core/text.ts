import { existsSync, readFileSync } from 'node:fs';
import { Temporal } from 'temporal-polyfill';
import { inProject } from '../config/index.js';

/** Languages that pages, forms and letters may speak: Kazakh, Russian, Kyrgyz; English for staff pages. */
export type Language = 'kk' | 'ru' | 'ky' | 'en';

/** A sentence of the catalogue, or its plural forms chosen by the parameter `count` (CLDR: one, few, many, other). */
export type Sentence = string | Partial<Record<Intl.LDMLPluralRule, string>>;
export type Catalogue = Record<string, Sentence>;

export type TextParams = Record<string, string | number>;

/** What one language says: sentences of `config/locales/<language>.json`, legal days, moments and numbers. */
export interface Text {
  readonly language: Language;
  /** A sentence with its `{parameters}` filled in. Throws when the key is unknown or a parameter is missing. */
  say(key: string, params?: TextParams): string;
  has(key: string): boolean;
  /** A legal day in words: of a `YYYY-MM-DD`, or of an instant in the text's zone. kk: `2026 жылғы 5 маусым`. */
  date(day: string | Date): string;
  /** An instant in words, to the minute, in the text's zone. ru: `5 июня 2026 года, 18:31`. */
  moment(at: Date): string;
  /** The same as short as a table wants it. kk, ru: `05.06.2026, 18:31`; en: `5 Jun 2026, 18:31`. A line breaks before the time only. */
  stamp(at: Date): string;
  number(value: number): string;
}

/** Own tables, in the form that stands in a date: ICU abbreviates where an official letter writes the word («жылғы», «года», «-жылдын»). */
const months: Record<Language, readonly string[]> = {
  kk: 'қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан'.split(' '),
  ru: 'января февраля марта апреля мая июня июля августа сентября октября ноября декабря'.split(' '),
  ky: 'январы февралы марты апрели майы июну июлу августу сентябры октябры ноябры декабры'.split(' '),
  en: 'January February March April May June July August September October November December'.split(' '),
};

const dayInWords: Record<Language, (year: number, month: string, day: number) => string> = {
  kk: (year, month, day) => `${year} жылғы ${day} ${month}`,
  ru: (year, month, day) => `${day} ${month} ${year} года`,
  ky: (year, month, day) => `${year}-жылдын ${day}-${month}`,
  en: (year, month, day) => `${day} ${month} ${year}`,
};

const two = (value: number): string => String(value).padStart(2, '0');

/** A day as tables have it. */
const shortDay: Record<Language, (year: number, month: number, day: number) => string> = {
  kk: (year, month, day) => `${two(day)}.${two(month)}.${year}`,
  ru: (year, month, day) => `${two(day)}.${two(month)}.${year}`,
  ky: (year, month, day) => `${two(day)}.${two(month)}.${year}`,
  en: (year, month, day) => `${day}\u00a0${months.en[month - 1]!.slice(0, 3)}\u00a0${year}`,
};

const clockTime: Record<Language, (time: string) => string> = {
  kk: (time) => `сағат ${time}`,
  ru: (time) => time,
  ky: (time) => `саат ${time}`,
  en: (time) => time,
};

const catalogues = new Map<Language, Catalogue>();

/** The catalogue of a language, read once. Throws when the language has no file, or the file doesn't say whether a lawyer reviewed it. */
export function catalogueOf(language: Language): Catalogue {
  let catalogue = catalogues.get(language);
  if (!catalogue) {
    const file = inProject('config', 'locales', `${language}.json`);
    if (!existsSync(file)) throw new Error(`config/locales/${language}.json is missing: nothing speaks '${language}'`);
    const { reviewed, ...sentences } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    if (reviewed !== false && !(typeof reviewed === 'string' && /^.+, \d{4}-\d{2}-\d{2}$/.test(reviewed)))
      throw new Error(
        `config/locales/${language}.json: reviewed is false, or 'Name, YYYY-MM-DD' of the lawyer's review`,
      );
    catalogue = sentences as Catalogue;
    catalogues.set(language, catalogue);
  }
  return catalogue;
}

/** The text of one language; days and moments are those of `timeZone` (an IANA zone, of the organisation). */
export function createText(language: Language, { timeZone }: { timeZone: string }): Text {
  const catalogue = catalogueOf(language);
  // An ICU may lack Kazakh and Kyrgyz. Whole numbers choose a form as in English: one, other (CLDR); Russian ones are written the same: a
  // no-break space and a comma.
  const plural = new Intl.PluralRules(Intl.PluralRules.supportedLocalesOf([language]).length ? language : 'en');
  const numbers = new Intl.NumberFormat(Intl.NumberFormat.supportedLocalesOf([language]).length ? language : 'ru');
  const inZone = (at: Date): Temporal.ZonedDateTime =>
    Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone);
  const date = (day: string | Date): string => {
    const plain = typeof day === 'string' ? Temporal.PlainDate.from(day) : inZone(day).toPlainDate();
    return dayInWords[language](plain.year, months[language][plain.month - 1] as string, plain.day);
  };
  return {
    language,
    has: (key) => Object.hasOwn(catalogue, key),
    say: (key, params = {}) => {
      if (!Object.hasOwn(catalogue, key)) throw new Error(`config/locales/${language}.json has no key '${key}'`);
      const sentence = catalogue[key] as Sentence;
      const form = typeof sentence === 'string' ? sentence : pluralForm(sentence, plural, key, params);
      return form.replace(/\{(\w+)\}/g, (_, name: string) => {
        const value = params[name];
        if (value === undefined) throw new Error(`'${key}' in ${language} needs the parameter '${name}'`);
        return typeof value === 'number' ? numbers.format(value) : value;
      });
    },
    date,
    moment: (at) =>
      `${date(at)}, ${clockTime[language](inZone(at).toPlainTime().toString({ smallestUnit: 'minute' }))}`,
    stamp: (at) => {
      const local = inZone(at);
      const time = local.toPlainTime().toString({ smallestUnit: 'minute' });
      return `${shortDay[language](local.year, local.month, local.day)}, ${time}`;
    },
    number: (value) => numbers.format(value),
  };
}

function pluralForm(
  forms: Exclude<Sentence, string>,
  plural: Intl.PluralRules,
  key: string,
  params: TextParams,
): string {
  if (typeof params['count'] !== 'number') throw new Error(`'${key}' needs the number 'count' to choose its form`);
  const form = forms[plural.select(params['count'])] ?? forms.other;
  if (form === undefined) throw new Error(`'${key}' has no form for ${plural.select(params['count'])} and no 'other'`);
  return form;
}
