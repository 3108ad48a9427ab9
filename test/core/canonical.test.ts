import { describe, expect, test } from '@jest/globals';
import { canonicalHash, canonicalJson } from '../../core/canonical.js';

describe('RFC 8785', () => {
  test('the example of section 3.2.2', () => {
    const value = {
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('names are ordered by their UTF-16 units, as in section 3.2.3', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    const text = canonicalJson(Object.fromEntries(names.map((name) => [name, 0])));
    expect(text).toBe(`{${sorted.map((name) => `${JSON.stringify(name)}:0`).join(',')}}`);
  });

  test('minus zero is zero', () => {
    expect(canonicalJson([-0, 0])).toBe('[0,0]');
  });
});

test('a moment is written in UTC with milliseconds', () => {
  expect(canonicalJson({ at: new Date('2026-03-02T10:00:00+05:00') })).toBe('{"at":"2026-03-02T05:00:00.000Z"}');
});

test('the order of members does not change the hash, a value does', () => {
  expect(canonicalHash({ a: 1, b: [2] })).toBe(canonicalHash({ b: [2], a: 1 }));
  expect(canonicalHash({ a: 1, b: [2] })).not.toBe(canonicalHash({ a: 1, b: [3] }));
});

test.each([
  ['undefined', { a: { b: undefined } }, '$.a.b: undefined'],
  ['NaN', { a: [1, Number.NaN] }, '$.a[1]: number'],
  ['infinity', Number.POSITIVE_INFINITY, '$: number'],
  ['a bigint', { a: 1n }, '$.a: bigint'],
  ['an object of a class', { a: new Map() }, '$.a: object'],
  ['an invalid moment', { a: new Date('x') }, '$.a: object'],
  ['half a surrogate pair', { a: '\ud83d' }, '$.a: half of a surrogate pair'],
] as [string, unknown, string][])('%s is refused with its place', (_name, value, place) => {
  expect(() => canonicalJson(value as never)).toThrow(place);
});
