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
