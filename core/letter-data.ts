import { PermanentError } from './errors.js';
import {
  declared,
  type LetterData,
  type LetterRow,
  type LetterScalar,
  type LetterTemplate,
  type LetterValue,
  type Localised,
  type Placeholder,
} from './letter-template.js';
import type { Text } from './text.js';

/**
 * Checks that data fits a letter: every placeholder is there, none is too many, each of its type.
 * @throws PermanentError that names every field at fault with what would be right, and no value.
 */
export function checkData(template: LetterTemplate, data: LetterData, text: Text): void {
  const faults: { field: string; fault: string }[] = [];
  const check = (field: string, placeholder: Placeholder, value: LetterValue): void => {
    const fault = faultOf(placeholder, value, text);
    if (fault) faults.push({ field, fault: `${fault} (${placeholder.description || placeholder.type})` });
  };
  for (const [name, placeholder] of Object.entries(template.placeholders)) {
    if (name.includes('.')) continue;
    const value = data[name];
    check(name, placeholder, value);
    if (placeholder.type === 'list' && Array.isArray(value))
      for (const item of value as LetterScalar[])
        check(`${name}.item`, declared(template, `${name}.item`) as Placeholder, item);
    if (placeholder.type === 'rows' && Array.isArray(value))
      for (const row of value as LetterRow[]) checkRow(template, name, row, check, faults);
  }
  for (const name of Object.keys(data))
    if (!template.placeholders[name] || name.includes('.'))
      faults.push({ field: name, fault: 'is not declared by the letter' });
  const [first] = faults;
  if (first)
    throw new PermanentError(
      `letter ${template.name} (${template.language}): ${faults.map(({ field, fault }) => `'${field}' ${fault}`).join('; ')}`,
      { field: first.field },
    );
}

function checkRow(
  template: LetterTemplate,
  name: string,
  row: LetterRow,
  check: (field: string, placeholder: Placeholder, value: LetterValue) => void,
  faults: { field: string; fault: string }[],
): void {
  for (const [column, placeholder] of Object.entries(template.placeholders))
    if (column.startsWith(`${name}.`)) check(column, placeholder, row[column.slice(name.length + 1)]);
  for (const column of Object.keys(row))
    if (!template.placeholders[`${name}.${column}`])
      faults.push({ field: `${name}.${column}`, fault: 'is not declared by the letter' });
}

/** Whether a value is words for each language (or a row), and not a moment or a list. */
export const isLocalised = (value: LetterValue): value is Localised =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** What is wrong with a value, or null. Never quotes the value. */
function faultOf(placeholder: Placeholder, value: LetterValue, text: Text): string | null {
  if (value === undefined || value === null) return placeholder.optional ? null : 'is missing';
  const string = typeof value === 'string' ? value : null;
  switch (placeholder.type) {
    case 'text': {
      const words = isLocalised(value) ? value[text.language] : string;
      return words?.trim() ? null : `needs text in ${text.language}`;
    }
    case 'date':
      return string && /^\d{4}-\d{2}-\d{2}$/.test(string) ? null : 'needs a day YYYY-MM-DD';
    case 'moment':
      return momentOf(value) ? null : 'needs an instant: a Date, or its ISO string in UTC';
    case 'reference':
      return string && /^[A-Z]{2,4}-\d{4}-\d{6}$/.test(string) ? null : 'needs a number like INS-2026-000017';
    case 'link':
      return string && /^https?:\/\/\S+$/.test(string) && URL.canParse(string) ? null : 'needs an http(s) address';
    case 'sha256':
      return string && /^[0-9a-f]{64}$/.test(string) ? null : 'needs 64 hex digits';
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? null : 'needs a number';
    case 'code':
      return string && text.has(`${placeholder.catalogue}.${string}`)
        ? null
        : `needs a code that config/locales/${text.language}.json names under ${placeholder.catalogue}.`;
    case 'list':
      return Array.isArray(value) && value.every((item) => typeof item === 'string') ? null : 'needs a list of strings';
    case 'rows':
      return Array.isArray(value) && value.every(isLocalised) ? null : 'needs a list of rows';
  }
}

/** The instant that a value tells, or null. */
export function momentOf(value: LetterValue): Date | null {
  const at =
    value instanceof Date
      ? value
      : typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(value)
        ? new Date(value)
        : null;
  return at && !Number.isNaN(at.getTime()) ? at : null;
}
