/** A fault that may pass: the job is retried with back-off, then an incident shows in Operate. */
export class RetryableError extends Error {
  override readonly name: string = 'RetryableError';
  /** Milliseconds to wait at least before the next attempt, when the other side said so. */
  readonly afterMs: number | undefined;
  constructor(message: string, options: { cause?: unknown; afterMs?: number } = {}) {
    super(message, { cause: options.cause });
    this.afterMs = options.afterMs;
  }
}

/** A fault that repeating won't mend: an incident at once. The message names the field, never a personal value. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
  readonly field: string | undefined;
  constructor(message: string, options: { field?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.field = options.field;
  }
}

/** A business outcome that the diagram handles: thrown as the BPMN error `code`, which the worker declares. */
export class BusinessError extends Error {
  override readonly name = 'BusinessError';
  constructor(
    readonly code: string,
    message: string = code,
  ) {
    super(message);
  }
}

/** One wrong field: where it is, a stable code that the catalogue translates, and what would be right. */
export interface FieldFault {
  /** Path of the field as the caller wrote it, e.g. `employees[0].employeeId`. */
  field: string;
  code: string;
  params?: Record<string, string | number>;
}

/** Input that is refused at the edge; becomes an RFC 9457 problem in the caller's language. Nothing has been stored when it is raised. */
export class InputProblem extends Error {
  override readonly name = 'InputProblem';
  constructor(
    /** HTTP status, e.g. 400, 403, 404, 409, 413, 415, 422. */
    readonly status: number,
    /** Last part of the problem's type URI, e.g. `validation`, `idempotency-conflict`; also the catalogue's key `problem.<type>`. */
    readonly type: string,
    readonly faults: FieldFault[] = [],
    readonly params: Record<string, string | number> = {},
  ) {
    super(`${type}${faults.length ? `: ${faults.map((fault) => `${fault.field} ${fault.code}`).join(', ')}` : ''}`);
  }
}
