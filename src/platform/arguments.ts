import { refuse } from './errors';
import { Slot } from './slot';
import { isText } from './text';

/** The longest text that a read is asked with, in UTF-16 units: a cursor, something to search for. */
const LONGEST = 1000;

/** Whether a text may be an argument of a read; what comes in variables is asked at each request. */
export const fits = (text: string): boolean => text.length <= LONGEST && isText(text);

/**
 * Refuses arguments of a read that no row could match and no index should see: TEXT_INVALID what cannot be kept,
 * BAD_USER_INPUT what is longer than 1000. Types, enums and dates are GraphQL's to check.
 */
export function assertArguments(given: unknown, field = ''): void {
  if (typeof given === 'string') {
    if (!isText(given)) refuse('TEXT_INVALID', 'Text must be well-formed Unicode without control characters.');
    if (given.length > LONGEST)
      refuse('BAD_USER_INPUT', 'Some of what you sent is not valid.', { fields: [{ field, rules: ['maxLength'] }] });
  } else if (given !== null && typeof given === 'object' && !(given instanceof Slot))
    for (const [key, value] of Object.entries(given)) assertArguments(value, field ? `${field}.${key}` : key);
}
