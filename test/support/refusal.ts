import { DomainError } from '../../src/platform/errors';

/** What some work is refused with. Throws whatever else comes of it. */
export function refusal(work: () => unknown): DomainError {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

/** The code that it is refused with. */
export const codeOf = (work: () => unknown): string => refusal(work).code;
