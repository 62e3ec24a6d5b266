/*
 * When a call was, from what a line says of it. Local times are told apart from instants by their form; `toInstant` says which instant a local time
 * is in the account's zone. All in ms.
 */

export interface SaidTimes {
  date?: string;
  startedAt?: string;
  answeredAt?: string;
  endedAt?: string;
  waitSeconds?: string;
  talkSeconds?: string;
}

export interface CallTimes {
  startedAt: number;
  answeredAt: number | null;
  endedAt: number;
  waitSeconds: number;
  talkSeconds: number;
  /** Whether what was said did not fit together, and was made to. */
  misfit: boolean;
}

/** Field and code of what is wrong. */
export interface Wrong {
  code: string;
  field: string | null;
}

export type ToInstant = (local: number) => number;

const SECOND = 1_000;
const HALF_DAY = 43_200_000;
const DAY = 86_400_000;
/** What is said in whole seconds may differ so much from its ends. */
const ROUNDING = 1;
const LONGEST_SECONDS = 86_400;
/** Clocks of two machines may differ so much. */
const CLOCKS = 300_000;
/** Nothing earlier is taken: a year of two digits, or of a clock that was never set. */
const EARLIEST = Date.UTC(2000, 0, 1);

const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s?(?:(Z|z)|([+-])(\d\d):?(\d\d))?$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME_OF_DAY = /^(\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?$/;

const millis = (fraction: string | undefined): number =>
  fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'));

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** Local ms of a date at midnight; null for none that exists. */
function dayOf(year: number, month: number, day: number): number | null {
  const days = month === 2 && isLeap(year) ? 29 : (DAYS[month - 1] ?? 0);
  return day > 0 && day <= days ? Date.UTC(year, month - 1, day) : null;
}

function clockOf(hour: string, minute: string, second = '0', fraction?: string): number | null {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  return h > 23 || m > 59 || s > 59 ? null : ((h * 60 + m) * 60 + s) * SECOND + millis(fraction);
}

interface Read {
  at: number;
  /** It had no date of its own. */
  timeOfDay: boolean;
}

/** An instant, a local time, or a time of day on `day`; null for what is none of these. */
function timeIn(text: string, day: number | null, toInstant: ToInstant): Read | null {
  const short = TIME_OF_DAY.exec(text);
  if (short) {
    const clock = clockOf(short[1]!, short[2]!, short[3], short[4]);
    return clock === null || day === null ? null : { at: toInstant(day + clock), timeOfDay: true };
  }
  const full = INSTANT.exec(text);
  if (!full) return null;
  const date = dayOf(Number(full[1]), Number(full[2]), Number(full[3]));
  const clock = clockOf(full[4]!, full[5]!, full[6], full[7]);
  if (date === null || clock === null) return null;
  const local = date + clock;
  if (full[8] !== undefined) return { at: local, timeOfDay: false };
  if (full[9] === undefined) return { at: toInstant(local), timeOfDay: false };
  const [hours, minutes] = [Number(full[10]), Number(full[11])];
  if (hours > 14 || minutes > 59) return null;
  return { at: local - (full[9] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60 * SECOND, timeOfDay: false };
}

/** A time of day that lies more than half a day before what came before it is of the next day. */
const carried = ({ at, timeOfDay }: Read, before: number): number =>
  timeOfDay && before - at > HALF_DAY ? at + DAY : at;

/** Whole seconds; null if nothing is said, NaN for what is no number. What is beyond a second is cut off. */
function secondsIn(text: string | undefined): number | null {
  if (text === undefined) return null;
  return /^-?\d{1,9}(\.\d{1,9})?$/.test(text) ? Math.trunc(Number(text)) : Number.NaN;
}

const span = (from: number, to: number): number => Math.floor((to - from) / SECOND);

const wrong = (code: string, field: string | null): Wrong => ({ code, field });

/**
 * What a line says of its times, made to fit together. Of the talk as it is said and as its ends have it the shorter counts, so that nobody pays for
 * more than both say; an end before its start, and seconds below zero, count as not said. Whatever was made to fit is marked as a misfit.
 */
export function callTimes(said: SaidTimes, toInstant: ToInstant, now: number): CallTimes | Wrong {
  const date = said.date === undefined ? null : DATE.exec(said.date);
  const day = date && dayOf(Number(date[1]), Number(date[2]), Number(date[3]));
  if (said.date !== undefined && day === null) return wrong('TIME_INVALID', 'date');
  if (said.startedAt === undefined) return wrong('FIELD_MISSING', 'startedAt');
  const start = timeIn(said.startedAt, day, toInstant);
  if (!start) return wrong('TIME_INVALID', 'startedAt');
  const startedAt = start.at;
  const answer = said.answeredAt === undefined ? null : timeIn(said.answeredAt, day, toInstant);
  if (said.answeredAt !== undefined && !answer) return wrong('TIME_INVALID', 'answeredAt');
  const end = said.endedAt === undefined ? null : timeIn(said.endedAt, day, toInstant);
  if (said.endedAt !== undefined && !end) return wrong('TIME_INVALID', 'endedAt');
  const saidWait = secondsIn(said.waitSeconds);
  const saidTalk = secondsIn(said.talkSeconds);
  if (Number.isNaN(saidWait)) return wrong('DURATION_INVALID', 'waitSeconds');
  if (Number.isNaN(saidTalk)) return wrong('DURATION_INVALID', 'talkSeconds');
  let answeredAt = answer && carried(answer, startedAt);
  let endedAt = end && carried(end, answeredAt ?? startedAt);
  const early = { answer: answeredAt !== null && answeredAt < startedAt, wait: saidWait !== null && saidWait < 0 };
  if (early.answer) answeredAt = null;
  const from = answeredAt ?? startedAt;
  const late = { end: endedAt !== null && endedAt < from, talk: saidTalk !== null && saidTalk < 0 };
  if (late.end) endedAt = null;
  const wait = saidWait !== null && saidWait >= 0 ? saidWait : answeredAt === null ? 0 : span(startedAt, answeredAt);
  const told = saidTalk !== null && saidTalk >= 0 ? saidTalk : null;
  const between = endedAt === null || answeredAt === null ? null : span(answeredAt, endedAt);
  const talk = told === null ? (between ?? 0) : between === null ? told : Math.min(told, between);
  const apart = told !== null && between !== null && Math.abs(told - between) > ROUNDING;
  endedAt ??= from + (answeredAt === null ? wait + talk : talk) * SECOND;
  if (talk > LONGEST_SECONDS || wait > LONGEST_SECONDS || endedAt - startedAt > 2 * DAY)
    return wrong(
      'DURATION_TOO_LONG',
      talk > LONGEST_SECONDS ? 'talkSeconds' : wait > LONGEST_SECONDS ? 'waitSeconds' : 'endedAt',
    );
  if (startedAt < EARLIEST) return wrong('TOO_LONG_AGO', 'startedAt');
  if (startedAt > now + CLOCKS) return wrong('IN_FUTURE', 'startedAt');
  if (endedAt > now + CLOCKS) return wrong('IN_FUTURE', 'endedAt');
  const misfit = early.answer || early.wait || late.end || late.talk || apart;
  return { startedAt, answeredAt, endedAt, waitSeconds: wait, talkSeconds: talk, misfit };
}
