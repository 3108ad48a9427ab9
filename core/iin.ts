/** What is wrong with an individual identification number; also the last part of the catalogue's key. */
export type IinFault = 'not-12-digits' | 'not-an-individual' | 'impossible-date' | 'check-digit';

/** What is wrong with a business identification number. */
export type BinFault = 'not-12-digits' | 'not-an-organisation' | 'impossible-month' | 'check-digit';

const firstPass = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as const;
const secondPass = [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2] as const;

/**
 * The check digit of an IIN or BIN, from its first 11 digits: the weighted sum modulo 11; where that is 10, once more with shifted
 * weights (Government Resolution No. 406 of 22 May 2007, Rules for forming an identification number). Null where the second sum is 10
 * too: such a number is never issued.
 * @throws RangeError when `digits` doesn't start with 11 digits.
 */
export function identificationCheckDigit(digits: string): number | null {
  if (!/^\d{11}/.test(digits)) throw new RangeError('an identification number starts with 11 digits');
  for (const weights of [firstPass, secondPass]) {
    const sum = weights.reduce((total, weight, index) => total + weight * Number(digits[index]), 0);
    if (sum % 11 !== 10) return sum % 11;
  }
  return null;
}

/**
 * The fault of an individual identification number (12 digits as a string), or null when there is none. Its first six digits have to
 * be a possible day of birth. Whether that is the person's own is not asked: since 2013 the Rules no longer tie the number to the person's data
 * (Resolution No. 853 of 26 August 2013), so a difference is no error.
 */
export function iinFault(iin: string): IinFault | null {
  if (!/^\d{12}$/.test(iin)) return 'not-12-digits';
  const century = Number(iin[6]);
  // A BIN has 4, 5 or 6 in its fifth place, where the day of a birth has 0 to 3; the seventh place tells century and sex (0: not told).
  if (Number(iin[4]) > 3 || century > 6) return 'not-an-individual';
  const years = century === 0 ? [1800, 1900, 2000] : [1800 + 100 * Math.floor((century - 1) / 2)];
  const [year, month, day] = [iin.slice(0, 2), iin.slice(2, 4), iin.slice(4, 6)].map(Number) as [
    number,
    number,
    number,
  ];
  if (!years.some((start) => day >= 1 && day <= daysOfMonth(start + year, month))) return 'impossible-date';
  return identificationCheckDigit(iin) === Number(iin[11]) ? null : 'check-digit';
}

/**
 * The fault of a business identification number (12 digits as a string), or null when there is none: year and month of registration, kind
 * of organisation (4 resident, 5 non-resident, 6 joint entrepreneurship), kind of unit (0 to 3, 4 for a joint farm), serial number, check digit.
 */
export function binFault(bin: string): BinFault | null {
  if (!/^\d{12}$/.test(bin)) return 'not-12-digits';
  if (!/^\d{4}[456][0-4]/.test(bin)) return 'not-an-organisation';
  const month = Number(bin.slice(2, 4));
  if (month < 1 || month > 12) return 'impossible-month';
  return identificationCheckDigit(bin) === Number(bin[11]) ? null : 'check-digit';
}

/** Whether an individual identification number can have been issued; {@link iinFault} says why not. */
export function isValidIin(iin: string): boolean {
  return iinFault(iin) === null;
}

/** Whether a business identification number can have been issued; {@link binFault} says why not. */
export function isValidBin(bin: string): boolean {
  return binFault(bin) === null;
}

/** Days of a month of the Gregorian calendar; 0 for a month that there isn't. */
function daysOfMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [31, 0, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}
