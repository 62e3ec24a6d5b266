import { DAY } from '../platform/durations';

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
/** What is said in whole seconds may differ so much from its ends. */
const ROUNDING = 1;
const LONGEST_SECONDS = 86_400;
/** Clocks of two machines may differ so much. */
const CLOCKS = 300_000;
/** Nothing earlier is taken: a year of two digits, or of a clock that was never set. */
const EARLIEST = Date.UTC(2000, 0, 1);

const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d?:\d\d(?::\d\d(?:\.\d{1,9})?)?\s?(?:[Zz]|[+-]\d\d:?\d\d)?$/;
const DATE = /^\d{4}-\d\d-\d\d$/;
const TIME_OF_DAY = /^\d\d?:\d\d(?::\d\d(?:\.\d{1,9})?)?$/;
/** Where a date has its first hyphen, and no time of day one. */
const YEAR_END = 4;
/** Where the time begins behind a date. */
const BEHIND_DATE = 11;

/** The number that the digits make between two places of a text whose form was looked at: to cut it up would cost more than all else about a time. */
function numberAt(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at += 1) number = number * 10 + text.charCodeAt(at) - 48;
  return number;
}

const isDigit = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at);
  return unit >= 48 && unit <= 57;
};

/** The ms of a fraction of a second that begins at a place; what is beyond is cut off. */
function millisAt(text: string, from: number): number {
  let millis = 0;
  for (let place = 0; place < 3; place += 1) {
    millis *= 10;
    if (isDigit(text, from + place)) millis += text.charCodeAt(from + place) - 48;
    else return millis * (place === 0 ? 100 : place === 1 ? 10 : 1);
  }
  return millis;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** Local ms of the date that a text begins with, at midnight; null for none that exists. */
function dayOf(text: string): number | null {
  const [year, month, day] = [numberAt(text, 0, 4), numberAt(text, 5, 7), numberAt(text, 8, 10)];
  const days = month === 2 && isLeap(year) ? 29 : (DAYS[month - 1] ?? 0);
  return day > 0 && day <= days ? (daysUntil(year, month) + day) * DAY : null;
}

/** Days from 1970 to the last of the month before, in years that begin with March: the leap day is the last of one then. Date.UTC takes ten times as long. */
function daysUntil(year: number, month: number): number {
  const [years, months] = month > 2 ? [year, month - 3] : [year - 1, month + 9];
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return 365 * years + leapDays + Math.floor((153 * months + 2) / 5) - 719_469;
}

/** The ms of the time of day that begins at a place; null for none that exists. */
function clockOf(text: string, from: number): number | null {
  const behind = isDigit(text, from + 1) ? from + 2 : from + 1;
  const [hour, minute] = [numberAt(text, from, behind), numberAt(text, behind + 1, behind + 3)];
  const isToSecond = text[behind + 3] === ':';
  const second = isToSecond ? numberAt(text, behind + 4, behind + 6) : 0;
  const millis = isToSecond && text[behind + 6] === '.' ? millisAt(text, behind + 7) : 0;
  return hour > 23 || minute > 59 || second > 59 ? null : ((hour * 60 + minute) * 60 + second) * SECOND + millis;
}

interface Read {
  at: number;
  /** It had no date of its own. */
  timeOfDay: boolean;
}

/** An instant, a local time, or a time of day on `day`; null for what is none of these. */
function timeIn(text: string, day: number | null, toInstant: ToInstant): Read | null {
  if (text[YEAR_END] !== '-') {
    if (!TIME_OF_DAY.test(text)) return null;
    const clock = clockOf(text, 0);
    return clock === null || day === null ? null : { at: toInstant(day + clock), timeOfDay: true };
  }
  if (!INSTANT.test(text)) return null;
  const date = dayOf(text);
  const clock = clockOf(text, BEHIND_DATE);
  if (date === null || clock === null) return null;
  const local = date + clock;
  const last = text[text.length - 1];
  if (last === 'Z' || last === 'z') return { at: local, timeOfDay: false };
  const sign = Math.max(text.lastIndexOf('+'), text.lastIndexOf('-'));
  if (sign < BEHIND_DATE) return { at: toInstant(local), timeOfDay: false };
  const [hours, minutes] = [numberAt(text, sign + 1, sign + 3), numberAt(text, text.length - 2, text.length)];
  if (hours > 14 || minutes > 59) return null;
  return { at: local - (text[sign] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60 * SECOND, timeOfDay: false };
}

/** A time of day that lies more than half a day before what came before it is of the next day. */
const carried = ({ at, timeOfDay }: Read, before: number): number =>
  timeOfDay && before - at > HALF_DAY ? at + DAY : at;

/** Whole seconds; null if nothing is said, NaN for what is no number. What is beyond a second is cut off. */
const SECONDS = /^-?\d{1,9}(\.\d{1,9})?$/;
function secondsIn(text: string | undefined): number | null {
  if (text === undefined) return null;
  return SECONDS.test(text) ? Math.trunc(Number(text)) : Number.NaN;
}

const span = (from: number, to: number): number => Math.floor((to - from) / SECOND);

const wrong = (code: string, field: string | null): Wrong => ({ code, field });

/**
 * What a line says of its times, made to fit together. Of the talk as it is said and as its ends have it the shorter counts, so that nobody pays for
 * more than both say; an end before its start, and seconds below zero, count as not said. Whatever was made to fit is marked as a misfit.
 */
export function callTimes(said: SaidTimes, toInstant: ToInstant, now: number): CallTimes | Wrong {
  const day = said.date !== undefined && DATE.test(said.date) ? dayOf(said.date) : null;
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
