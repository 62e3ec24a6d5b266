/** In ms, as clocks run: a day is 24 hours, whatever a calendar says (business-time.ts). */
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
