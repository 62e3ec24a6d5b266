import type { Period } from '../agreements/billing-cycle.rules';
import { addDays } from '../platform/business-time';
import type { Askable } from '../platform/pooled';
import { type AccountTerms, type AgreementTerms, type BilledCycle, digestOf } from './account-terms';
import { linesOf, type RatedLine } from './billed-lines.rules';
import { type BillingCycle, common, cycleAgain, cyclesEnding, unbilled } from './cycle.rules';
import { measureUsage } from './measure-usage';
import { priceCycle } from './price-cycle.rules';
import { type Cut, cutsOf } from './rate-for.rules';
import { type Clock, endOf, type Timeline, timelineOf } from './timeline.rules';

/** A cycle as it was rated: what it costs, or what differs from what was billed for it. */
export interface RatedCycle {
  readonly accountId: string;
  readonly agreement: AgreementTerms;
  readonly timeline: Timeline;
  readonly zone: string;
  readonly corrects: BilledCycle | null;
  /** Usage up to there was rated. */
  readonly sequence: string;
  readonly terms: string;
  readonly lines: readonly RatedLine[];
  /** What stands behind the rates of it, by their ids. */
  readonly cuts: ReadonlyMap<string, readonly Cut[]>;
  readonly unratedCalls: number;
}

/** What to rate of an account: all cycles that end within a period and are over, and what differs of those that were billed. */
export interface ToRate {
  readonly period: Period;
  readonly now: Date;
}

const SEQUENCE = 'SELECT last_sequence::text AS sequence FROM usage_ledger WHERE account_id = $1';

/**
 * The sequence up to which an account's usage is rated. Asked in a statement of its own, before any that reads usage: see docs/decisions/0016-usage.md.
 */
export async function sequenceNow({ query }: Askable, accountId: string): Promise<string> {
  return (await query<{ sequence: string }>(SEQUENCE, [accountId]))[0]?.sequence ?? '0';
}

/** Rates what is due of an account, and where anything is, what differs of what was billed in the same currency. Saves nothing. */
export async function rateAccount(
  ask: Askable,
  terms: AccountTerms,
  { period, now }: ToRate,
  sequence: string,
): Promise<RatedCycle[]> {
  const rated: RatedCycle[] = [];
  for (const agreement of terms.agreements)
    for (const { cycle, clock } of dueOf(terms, agreement, period))
      if (endOf(cycle, clock) <= now.getTime())
        rated.push(await rateCycle(ask, terms, { agreement, cycle, clock, corrects: null }, sequence));
  const currencies = new Set(rated.map(({ agreement }) => agreement.currency));
  const touched = await touchedSince(ask, terms);
  for (const billed of terms.billed) {
    if (!currencies.has(billed.currency)) continue;
    const agreement = terms.agreements.find(({ id }) => id === billed.agreementId)!;
    const cycle = cycleAgain(agreement.id, agreement.versions, billed, billed.days);
    if (!touched.has(billed.id) && billed.terms === termsOf(cycle, agreement)) continue;
    const { zone, startsAt, endsAt } = billed;
    const clock = { ...clockOf(terms, zone), startsAt, endsAt };
    const again = await rateCycle(ask, terms, { agreement, cycle, clock, corrects: billed }, sequence);
    if (again.lines.length > 0) rated.push(again);
  }
  return rated;
}

const clockOf = ({ holidays }: AccountTerms, zone: string): Clock => ({
  zone,
  holidays: (code) => (code === null ? NO_DAYS : (holidays.get(code) ?? NO_DAYS)),
});

const NO_DAYS: ReadonlySet<string> = new Set();

/** What is due of an agreement. It begins and ends where what is billed beside it does, whatever became of the account's zone since. */
function dueOf(
  terms: AccountTerms,
  agreement: AgreementTerms,
  period: Period,
): { cycle: BillingCycle; clock: Clock }[] {
  const billed = terms.billed.filter(({ agreementId }) => agreementId === agreement.id);
  return cyclesEnding(agreement.versions, period)
    .flatMap((cycle) => unbilled(cycle, billed))
    .map((cycle) => ({
      cycle,
      clock: {
        ...clockOf(terms, terms.account.zone),
        startsAt: billed.find(({ until }) => until === cycle.from)?.endsAt ?? null,
        endsAt: billed.find(({ from }) => from === cycle.until)?.startsAt ?? null,
      },
    }));
}

/** A digest of what was agreed for a cycle: which versions hold for which of its days, and whom they are about. */
function termsOf(cycle: BillingCycle, { scopes }: AgreementTerms): string {
  const about = scopes.flatMap(({ from, until, lobIds, but }) => {
    const days = common(cycle, from, until);
    return days ? [[days.from, days.until, but.length > 0 ? but : lobIds]] : [];
  });
  return digestOf([cycle.parts.map(({ from, until, version }) => [from, until, version.id]), about]);
}

interface ToPrice {
  agreement: AgreementTerms;
  cycle: BillingCycle;
  clock: Clock;
  corrects: BilledCycle | null;
}

async function rateCycle(
  ask: Askable,
  { account }: AccountTerms,
  { agreement, cycle, clock, corrects }: ToPrice,
  sequence: string,
): Promise<RatedCycle> {
  const timeline = timelineOf(cycle, agreement.scopes, clock);
  const since = corrects?.sequence ?? null;
  const { units, renewed, unratedCalls } = await measureUsage(ask, timeline, {
    accountId: account.id,
    sequence,
    since,
  });
  const priced = priceCycle(cycle, units, agreement.currency);
  const words = { currency: agreement.currency, corrects, renewed };
  return {
    accountId: account.id,
    agreement,
    timeline,
    zone: clock.zone,
    corrects,
    sequence,
    terms: termsOf(cycle, agreement),
    lines: linesOf(priced, corrects?.lines ?? [], words),
    cuts: cutsOf(timeline),
    unratedCalls,
  };
}

const TOUCHED = `SELECT b.id FROM jsonb_to_recordset($2::jsonb) AS b (id uuid, "from" date, until date, sequence bigint)
  WHERE EXISTS (SELECT FROM usage_day d WHERE d.account_id = $1 AND d.day >= b."from" AND d.day < b.until AND d.last_sequence > b.sequence)`;

/** The cycles to whose days usage came since they were rated. Days are those of the zone of now: around a change of it, a day more is looked at. */
async function touchedSince({ query }: Askable, { account, billed }: AccountTerms): Promise<Set<string>> {
  const cycles = billed.map(({ id, from, until, sequence, zone }) => {
    const more = zone === account.zone ? 0 : 1;
    return { id, from: addDays(from, -more), until: addDays(until, more), sequence };
  });
  const rows = await query<{ id: string }>(TOUCHED, [account.id, JSON.stringify(cycles)]);
  return new Set(rows.map(({ id }) => id));
}
