import { refuse } from '../platform/errors';
import { assertCharge, type Charge } from './charge.rules';

/** What is counted. */
export type Measure =
  | 'HANDLED_CALLS'
  | 'TALK_TIME'
  | 'WAIT_TIME'
  | 'AGENT_HOURS'
  | 'SEATS'
  | 'RESOLVED_CONTACTS'
  | 'COLLECTED_AMOUNT'
  | 'FIXED_FEE';

/** Measures of calls, which have an instant; the others belong to a period as a whole. */
const OF_CALLS: ReadonlySet<Measure> = new Set(['HANDLED_CALLS', 'TALK_TIME', 'WAIT_TIME', 'RESOLVED_CONTACTS']);
export const isOfCalls = (measure: Measure): boolean => OF_CALLS.has(measure);

/** Measures that nobody can count from calls: somebody tells so much for a day. */
export type ReportedMeasure = 'AGENT_HOURS' | 'SEATS' | 'COLLECTED_AMOUNT';
export const REPORTED: ReadonlySet<Measure> = new Set(['AGENT_HOURS', 'SEATS', 'COLLECTED_AMOUNT']);

const OF_SECONDS: ReadonlySet<Measure> = new Set(['TALK_TIME', 'WAIT_TIME']);

/** A part of the week. `until` is exclusive; one that is not after `from` goes on into the next day. */
export interface Window {
  /** ISO weekdays on which it begins, 1 (Monday) to 7 (Sunday). */
  readonly weekdays: readonly number[];
  /** HH:MM */
  readonly from: string;
  /** HH:MM; `24:00` is the end of the day. */
  readonly until: string;
  /** Holidays of the agreement's calendar: a day like any other, never, or only these, whatever their weekday. */
  readonly holidays: 'SAME' | 'EXCLUDED' | 'ONLY';
}

/** A rate as it is asked for. */
export interface RateTerms {
  readonly name: string;
  readonly lobId: string | null;
  readonly service: string | null;
  readonly measure: Measure;
  readonly charge: Charge;
  readonly initialSeconds: number | null;
  readonly incrementSeconds: number | null;
  readonly windows: readonly Window[] | null;
}

/**
 * Refuses with RATE_INVALID and the line what could not be billed: see assertCharge; increments of what is not counted in seconds, or half
 * of them; windows of what has no hour; a lone holiday rule without a calendar. Refuses with RATE_REPEATED what would bill a call twice.
 */
export function assertRates(rates: readonly RateTerms[], { calendarCode }: { calendarCode: string | null }): void {
  for (const [index, rate] of rates.entries()) assertRate(rate, index + 1, calendarCode);
  const known = new Map<string, number>();
  for (const [index, rate] of rates.entries()) {
    const key = JSON.stringify(keyOf(rate));
    const other = known.get(key);
    if (other !== undefined)
      refuse('RATE_REPEATED', 'Two rates are for the same: a call would be billed twice.', {
        lineNumber: index + 1,
        otherLineNumber: other,
      });
    known.set(key, index + 1);
  }
}

/** What two rates must not have in common. Fees differ by their names alone. */
const keyOf = ({ measure, lobId, service, windows, name }: RateTerms) =>
  OF_CALLS.has(measure) ? [measure, lobId, service, windows] : [measure, lobId, name];

function assertRate(rate: RateTerms, lineNumber: number, calendarCode: string | null): void {
  const invalid = (field: string, message: string) => refuse('RATE_INVALID', message, { lineNumber, field });
  assertCharge(rate.charge, { lineNumber });
  const { measure, initialSeconds: initial, incrementSeconds: increment, windows } = rate;
  if ((initial === null) !== (increment === null))
    invalid('incrementSeconds', 'The first seconds and the increment go together.');
  if (increment !== null && !OF_SECONDS.has(measure))
    invalid('incrementSeconds', 'Only talk and wait time are billed by increments.');
  if (rate.service !== null && !OF_CALLS.has(measure)) invalid('service', 'Only calls are asked for a service.');
  if (windows !== null && !OF_CALLS.has(measure)) invalid('windows', 'Only calls have an hour.');
  for (const { from, until, holidays } of windows ?? []) {
    if (!TIME.test(from) || !(TIME.test(until) || until === '24:00'))
      invalid('windows', 'An hour is 00:00 to 23:59, and 24:00 where a window ends.');
    if (holidays !== 'SAME' && calendarCode === null)
      invalid('windows', 'Holidays are those of a calendar: name it with the agreement.');
  }
}

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
