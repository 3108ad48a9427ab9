import { describe, expect, test } from '@jest/globals';
import { CalendarMissingError } from '../../core/calendar.js';
import { BusinessError, PermanentError, RetryableError } from '../../core/errors.js';
import { Interrupted, defaultBackOff, faultOf, withoutValues } from '../../workers/job-fault.js';

describe('what a failed attempt means', () => {
  test('each attempt waits longer than the one before, and the last raises an incident', () => {
    const waits = [5, 4, 3, 2].map((retries) => faultOf(new RetryableError('no answer'), retries));
    expect(waits.map(({ retries }) => retries)).toEqual([4, 3, 2, 1]);
    for (const [index, { backOffMs }] of waits.entries()) {
      const full = defaultBackOff.firstMs * defaultBackOff.factor ** index;
      expect(backOffMs).toBeGreaterThanOrEqual(full / 2);
      expect(backOffMs).toBeLessThanOrEqual(full);
    }
    expect(faultOf(new RetryableError('no answer'), 1).retries).toBe(0);
  });

  test('the other side may ask for a longer wait', () => {
    expect(faultOf(new RetryableError('too many requests', { afterMs: 900_000 }), 5).backOffMs).toBe(900_000);
  });

  test('what repeating will not mend is an incident at once', () => {
    expect(faultOf(new PermanentError('caseId names no case'), 5).retries).toBe(0);
    expect(faultOf(new BusinessError('NOT_DECLARED'), 5).retries).toBe(0);
  });

  test('an interruption and a fault of our own database cost no attempt', () => {
    const unreachable = Object.assign(new Error('no primary'), { name: 'MongoServerSelectionError' });
    const conflict = Object.assign(new Error('write conflict'), { code: 112 });
    expect(faultOf(new Interrupted(), 2)).toMatchObject({ retries: 2, backOffMs: 0 });
    expect(faultOf(unreachable, 2).retries).toBe(2);
    expect(faultOf(conflict, 2).retries).toBe(2);
  });

  test('only the last attempt of a fault that nobody foresaw is an incident, and tells only its name', () => {
    expect(faultOf(new TypeError('Серик Сериков'), 3)).toMatchObject({ retries: 2, message: 'unexpected TypeError' });
    expect(faultOf('thrown as text', 3).message).toBe('unexpected string');
  });
});

describe('a message of an incident', () => {
  test('names the calendar that a term reaches and that is missing', () => {
    const fault = faultOf(new CalendarMissingError('KZ', 2028), 5);
    expect(fault).toMatchObject({
      retries: 0,
      message: 'the working calendar of KZ for 2028 is missing: config/calendars/kz-2028.json',
    });
  });

  test.each([
    ['no answer about "Serik Serikov"', 'no answer about …'],
    ['iin 850101300123 is unknown', 'iin … is unknown'],
    ['mail to s.serikov@sc.example failed', 'mail to … failed'],
    ['Серик Сериков is unknown', '… is unknown'],
  ])('%s', (message, shown) => {
    expect(withoutValues(message)).toBe(shown);
  });

  test('ids, numbers of cases and keys stay', () => {
    const message = 'caseId 01JD3Z7Q9VEXAMPLE0000000XY of INS-2026-000017 in 2251799813685277';
    expect(withoutValues(message)).toBe(message);
  });
});
