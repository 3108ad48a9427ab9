import type { Text } from '../../core/text.js';

/** Fields of the API whose label on pages has another name. */
const labelled: Record<string, string> = {
  'sender.name': 'senderName',
  'period.from': 'periodFrom',
  'period.to': 'periodTo',
  addresseeId: 'addressee',
  employeeId: 'employee',
  kinds: 'signs',
  lineId: 'employee',
  requestId: 'request',
  text: 'reason',
  transferConfirmed: 'finding',
};

/** The form field of a page that a fault's path belongs to, e.g. `employees` of `employees[2].name`. */
export function formFieldOf(path: string): string {
  const plain = path.replaceAll(/\[\d+\]/g, '');
  return labelled[plain] ?? (plain.startsWith('sender.') ? plain.slice('sender.'.length) : plain.split('.')[0]!);
}

/** What pages call the field of a fault; its path where they have no word for it. */
export function labelOf(text: Text, path: string): string {
  const key = `field.${formFieldOf(path)}`;
  return text.has(key) ? text.say(key) : path;
}

/**
 * What the form of Appendix 2 calls a field, by its path (`users[0].cellPhone`, `users.0.cellPhone`), as a word within a sentence; of a user
 * with the number of his row.
 */
export function requestFieldOf(text: Text, path: string): string {
  const row = /^users[.[](\d+)/.exec(path)?.[1];
  const name = path.startsWith('applicant.name') ? 'organisation' : lastOf(requestFormField(path));
  const key = `requestField.${name}`;
  const word = text.has(key) ? text.say(key) : path;
  return row === undefined ? word : `${Number(row) + 1}. ${word}`;
}

/** The field of that form which a fault's path belongs to: rights are boxes of one name, and the copy is a file. */
export function requestFormField(path: string): string {
  return path.replace(/\.rights\b.*$/, '.rights').replace(/^(copy|file)\b.*$/, 'copy');
}

/** What the forms of technical requests call a field, by its path; what both forms have in common they call alike. */
export function technicalFieldOf(text: Text, path: string): string {
  const key = `field.${lastOf(technicalFormField(path))}`;
  return text.has(key) ? text.say(key) : requestFieldOf(text, path);
}

/** The field of those forms that a fault's path belongs to: source and channel are one choice there. */
export function technicalFormField(path: string): string {
  return path.replace(/^(attachment|file)\b.*$/, 'attachment').replace(/^(source|channel)$/, 'origin');
}

function lastOf(path: string): string {
  return path.split('.').at(-1) ?? path;
}
