/**
 * The one error that the business throws. The code is stable and listed in docs/ERRORS.md; the message is for people;
 * details hold only what the caller may know: never a sensitive value, never SQL.
 */
export class DomainError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = 'DomainError';
  }
}

/** Refuses with a stable code: `throw refusal(...)` reads worse than `refuse(...)` inside a rule. */
export function refuse(code: string, message: string, details?: Record<string, unknown>): never {
  throw new DomainError(code, message, details);
}
