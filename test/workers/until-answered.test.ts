import { expect, test } from '@jest/globals';
import { PermanentError, RetryableError } from '../../core/errors.js';
import { untilAnswered } from '../../workers/until-answered.js';

const signal = new AbortController().signal;

test('asks again after a fault that may pass, until there is an answer', async () => {
  const answers: (Error | string)[] = [new RetryableError('busy'), new RetryableError('late'), 'here', 'too far'];
  let asked = 0;
  const ask = async (): Promise<string> => {
    const next = answers[asked++]!;
    if (next instanceof Error) throw next;
    return next;
  };
  expect(await untilAnswered(ask, { signal, pauseMs: 1 })).toBe('here');
  expect(asked).toBe(3);
});

test.each([new PermanentError('wrong'), new Error('unforeseen')])('gives %p on at once', async (error) => {
  let asked = 0;
  const ask = async (): Promise<never> => {
    asked += 1;
    throw error;
  };
  await expect(untilAnswered(ask, { signal, pauseMs: 1 })).rejects.toBe(error);
  expect(asked).toBe(1);
});

test('ends when it is told to, also while it waits', async () => {
  const ending = new AbortController();
  const waiting = untilAnswered(() => Promise.reject(new RetryableError('busy')), {
    signal: ending.signal,
    pauseMs: 3_600_000,
  });
  setImmediate(() => ending.abort());
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
});
