import { expect, test } from '@jest/globals';
import { temporaryPassword } from '../../../core/access-request/temporary-password.js';

test('has its length, each class, a letter first and nothing that reads alike, and never comes twice', () => {
  const made = Array.from({ length: 5000 }, () => temporaryPassword());
  expect(new Set(made).size).toBe(made.length);
  for (const password of made) {
    expect(password).toMatch(/^[A-Za-z][A-Za-z0-9+=%@#-]{15}$/);
    for (const letters of [/[A-Z]/, /[a-z]/, /[0-9]/, /[+=%@#-]/]) expect(password).toMatch(letters);
    expect(password).not.toMatch(/[0Oo1lIi5Ss2Zz8BuvV]/);
  }
});

test('every character of the alphabet is used about as often as any other', () => {
  const counts = new Map<string, number>();
  const letters = Array.from({ length: 4000 }, () => temporaryPassword().slice(1)).join('');
  for (const letter of letters) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  const mean = letters.length / counts.size;
  expect(counts.size).toBe(50);
  // Each class has to be there, so the two short ones come more often than their share.
  for (const count of counts.values()) expect(count / mean).toBeGreaterThan(0.7);
  for (const count of counts.values()) expect(count / mean).toBeLessThan(1.5);
});

test('takes a longer length, and refuses a short one', () => {
  expect(temporaryPassword(24)).toHaveLength(24);
  expect(() => temporaryPassword(11)).toThrow(/at least 12/);
});
