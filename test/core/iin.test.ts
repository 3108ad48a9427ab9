import { describe, expect, test } from '@jest/globals';
import { binFault, identificationCheckDigit, iinFault, isValidBin, isValidIin } from '../../core/iin.js';

/** Completes 11 digits with the right check digit, so that only the fault under test is left. */
const complete = (digits: string): string => `${digits}${identificationCheckDigit(digits)}`;

describe('individual identification number', () => {
  test.each([
    ['a published example (its check digit takes the second pass)', '061211600012'],
    ['the first pass of the check digit', '850412300016'],
    ['the second pass of the check digit', '850412300704'],
    ['29 February of a leap year of the 20th century', complete('96022930000')],
    ['29 February 2000, a leap century', complete('00022950001')],
    ['29 February with the century not told', complete('00022900001')],
    ['born in the 19th century', complete('99123110001')],
  ])('accepts %s', (_name, iin) => {
    expect(iinFault(iin)).toBeNull();
    expect(isValidIin(iin)).toBe(true);
  });

  test.each([
    ['nothing', '', 'not-12-digits'],
    ['eleven digits', '06121160001', 'not-12-digits'],
    ['thirteen digits', '0612116000120', 'not-12-digits'],
    ['a letter', 'O61211600012', 'not-12-digits'],
    ['digits of another script', '٠٦١٢١١٦٠٠٠١٢', 'not-12-digits'],
    ['a space at the end', '061211600012 ', 'not-12-digits'],
    ['a line end at the end', '061211600012\n', 'not-12-digits'],
    ['a business number', '160440007161', 'not-an-individual'],
    ['a seventh digit that is not issued', complete('85041270012'), 'not-an-individual'],
    ['month 13', complete('85130130012'), 'impossible-date'],
    ['month 0', complete('85000130012'), 'impossible-date'],
    ['day 0', complete('85040030013'), 'impossible-date'],
    ['31 April', complete('85043130012'), 'impossible-date'],
    ['29 February 1900, no leap year', complete('00022930001'), 'impossible-date'],
    ['29 February of a common year', complete('85022930012'), 'impossible-date'],
    ['a wrong check digit', '061211600013', 'check-digit'],
    ['two neighbours swapped', '061211600102', 'check-digit'],
  ])('refuses %s', (_name, iin, fault) => {
    expect(iinFault(iin)).toBe(fault);
    expect(isValidIin(iin)).toBe(false);
  });

  test('refuses digits for which no check digit exists, whatever the last digit', () => {
    const digits = '85041230073';
    expect(identificationCheckDigit(digits)).toBeNull();
    for (let last = 0; last <= 9; last += 1) expect(iinFault(`${digits}${last}`)).toBe('check-digit');
  });

  test('takes one check digit only', () => {
    const accepted = [...'0123456789'].filter((last) => isValidIin(`06121160001${last}`));
    expect(accepted).toEqual(['2']);
  });
});

describe('business identification number', () => {
  test.each([
    ['a head unit that is resident', '160440007161'],
    ['another published one', '971240001315'],
    ['a branch of a non-resident', complete('98115100012')],
    ['joint entrepreneurship', complete('19056400012')],
  ])('accepts %s', (_name, bin) => {
    expect(binFault(bin)).toBeNull();
    expect(isValidBin(bin)).toBe(true);
  });

  test.each([
    ['eleven digits', '16044000716', 'not-12-digits'],
    ['an individual number', '061211600012', 'not-an-organisation'],
    ['kind 7', complete('19057000012'), 'not-an-organisation'],
    ['unit 5', complete('19054500012'), 'not-an-organisation'],
    ['month 13', complete('19134000012'), 'impossible-month'],
    ['month 0', complete('19004000012'), 'impossible-month'],
    ['a wrong check digit', '160440007162', 'check-digit'],
  ])('refuses %s', (_name, bin, fault) => {
    expect(binFault(bin)).toBe(fault);
    expect(isValidBin(bin)).toBe(false);
  });
});

test('a check digit needs eleven digits', () => {
  expect(() => identificationCheckDigit('1234567890')).toThrow(RangeError);
});
