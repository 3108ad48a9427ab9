import { randomInt } from 'node:crypto';

/** Characters of a temporary password by class. Left out: what reads alike (0 O o, 1 l I i, 5 S s, 2 Z z, 8 B, u v V) or breaks in a mail or a shell. */
const classes = ['ACDEFGHJKLMNPQRTUWXY', 'abcdefghjkmnpqrtwxy', '34679', '+-=%@#'] as const;

/** Length of a temporary password, unless a setting says otherwise. */
export const passwordLength = 16;
export const shortestPassword = 12;

/**
 * A temporary password (ACC-09, AMB-ACC-08): from the system's source of randomness, at least one character of each class, its first one
 * a letter. It is handed to SKUD and sealed into a one-time link (or into the answer's mail), and stored or logged nowhere else.
 * @param length characters, at least {@link shortestPassword}; 16 give more than 85 bits.
 */
export function temporaryPassword(length = passwordLength): string {
  if (!Number.isInteger(length) || length < shortestPassword)
    throw new RangeError(`a temporary password has at least ${shortestPassword} characters`);
  const all = classes.join('');
  for (;;) {
    const password = Array.from({ length }, () => all.charAt(randomInt(all.length))).join('');
    // Drawn anew as a whole, so that each password that fits is as likely as any other.
    if (/^[A-Za-z]/.test(password) && classes.every((letters) => [...letters].some((one) => password.includes(one))))
      return password;
  }
}
