import { destination, pino, stdTimeFunctions, type Logger } from 'pino';

export type { Logger } from 'pino';

/**
 * The only fields that a log line may carry. Anything else is dropped, so that a value of a person can't reach a log by being passed along.
 * A message is a constant sentence: values go into fields.
 */
const allowed = new Set([
  'action',
  'attempt',
  'attempts',
  'bytes',
  'caseId',
  'caseNumber',
  'clockId',
  'code',
  'collection',
  'component',
  'count',
  'decision',
  'depth',
  'documentId',
  'durationMs',
  'elementId',
  'epoch',
  'errorCode',
  'errorName',
  'fileId',
  'findingKind',
  'host',
  'jobKey',
  'jobType',
  'key',
  'kind',
  'letterId',
  'messageId',
  'method',
  'name',
  'outcome',
  'outboxId',
  'parts',
  'pid',
  'port',
  'process',
  'processInstanceKey',
  'queue',
  'reason',
  'requestId',
  'retries',
  'route',
  'rows',
  'rule',
  'signal',
  'stack',
  'state',
  'status',
  'type',
  'version',
  'waitMs',
  'where',
]);

/** Facts of an error that carry no value of a person: its class, its code, and the frames of its stack without the message. */
export function errorFields(error: unknown): { errorName: string; errorCode?: string; stack?: string } {
  if (!(error instanceof Error)) return { errorName: typeof error };
  const code = (error as { code?: unknown }).code;
  const frames = error.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .join('\n');
  return {
    errorName: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { errorCode: String(code) } : {}),
    ...(frames ? { stack: frames } : {}),
  };
}

/** Keeps the allowed fields of a log object, and of those only plain values. */
export function keepAllowed(fields: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'err') Object.assign(kept, errorFields(value));
    else if (
      allowed.has(name) &&
      (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    )
      kept[name] = value;
  }
  return kept;
}

/** The log of a process: JSON lines on standard output, readable ones on a terminal. */
export function createLog(component: string, level: string): Logger {
  const options = {
    level,
    base: { component },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { log: keepAllowed },
  };
  return process.stdout.isTTY
    ? pino({ ...options, transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } })
    : pino(options, destination(1));
}
