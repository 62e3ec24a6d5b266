import { createHash } from 'node:crypto';
import type { Period } from '../agreements/billing-cycle.rules';
import { fractionOf, NONE } from '../platform/exact';
import type { Askable } from '../platform/pooled';
import type { TaxPlace, TaxRuleTerms } from '../taxes/tax.rules';
import { taxRulesOf } from '../taxes/tax-rules-of';
import { notFound } from '../platform/transaction';
import type { Billed } from './billed-lines.rules';
import type { Rate, Version } from './cycle.rules';
import type { Scope } from './timeline.rules';

/** An account as billing sees it: what was agreed, and what was billed. */
export interface AccountTerms {
  readonly account: {
    readonly id: string;
    readonly code: string;
    readonly status: string;
    readonly zone: string;
  } & Omit<TaxPlace, 'accountId' | 'on'>;
  /** What tax rules there are of whoever bills it. */
  readonly taxRules: readonly TaxRuleTerms[];
  readonly agreements: readonly AgreementTerms[];
  readonly billed: readonly BilledCycle[];
  /** Days of each calendar that agreements name. */
  readonly holidays: ReadonlyMap<string, ReadonlySet<string>>;
  /** What stands in it, so that it can be told whether anything of it moved. */
  readonly digest: string;
}

export interface AgreementTerms {
  readonly id: string;
  readonly code: string;
  readonly currency: string;
  /** All that it ever said, by number. */
  readonly versions: readonly Version[];
  /** Which lines of business it is about when. */
  readonly scopes: readonly Scope[];
}

/** Days of an agreement that an invoice bills that is not voided, and what that and its corrections came to. */
export interface BilledCycle extends Period {
  readonly id: string;
  readonly agreementId: string;
  readonly invoiceId: string;
  readonly number: string | null;
  readonly currency: string;
  readonly days: number;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly zone: string;
  /** Usage up to there was rated, by it or by its last correction. */
  readonly sequence: string;
  /** What was agreed when it was rated last. */
  readonly terms: string;
  readonly lines: readonly Billed[];
}

const ACCOUNT = `SELECT id, code, status, time_zone AS zone, legal_entity_id AS "legalEntityId", country, subdivision FROM account WHERE id = $1`;
const VERSIONS = `SELECT v.id, v.agreement_id AS "agreementId", v.version_number AS "versionNumber", v.effective_from::text AS "effectiveFrom",
    v.effective_until::text AS "effectiveUntil", v.lob_ids AS "lobIds", v.cycle, v.anchor_on::text AS "anchorOn", v.payment_days AS "paymentDays",
    v.review_days AS "reviewDays", trim_scale(v.tax_rate)::text AS "taxRate", v.tax_inclusive AS "taxInclusive", v.rounding,
    v.calendar_code AS "calendarCode", g.code, g.currency,
    (SELECT jsonb_agg(jsonb_build_object('id', r.id, 'lineNumber', r.line_number, 'name', r.name, 'lobId', r.lob_id, 'service', r.service,
      'measure', r.measure, 'charge', r.charge, 'initialSeconds', r.initial_seconds, 'incrementSeconds', r.increment_seconds, 'windows', r.windows)
      ORDER BY r.line_number) FROM agreement_rate r WHERE r.agreement_version_id = v.id) AS rates
  FROM agreement_version v JOIN agreement g ON g.id = v.agreement_id WHERE v.account_id = $1 ORDER BY g.code, v.version_number`;
const LOBS = 'SELECT id FROM lob WHERE account_id = $1 ORDER BY id';
const BILLED = `SELECT c.id, c.agreement_id AS "agreementId", c.invoice_id AS "invoiceId", i.number, i.currency, c.period_from::text AS "from",
    c.period_until::text AS until, c.days, c.starts_at AS "startsAt", c.ends_at AS "endsAt", c.zone, l.sequence_upto AS sequence, l.terms
  FROM invoice_cycle c JOIN invoice i ON i.id = c.invoice_id
  CROSS JOIN LATERAL (SELECT k.sequence_upto, k.terms FROM invoice_cycle k WHERE (k.id = c.id OR k.corrects_id = c.id) AND NOT k.voided
    ORDER BY k.sequence_upto DESC, k.created_at DESC, k.id DESC LIMIT 1) l
  WHERE c.account_id = $1 AND c.corrects_id IS NULL AND NOT c.voided ORDER BY c.period_from, c.agreement_id`;
const BILLED_LINES = `SELECT coalesce(c.corrects_id, c.id) AS "cycleId", l.agreement_rate_id AS "rateId", min(l.period_from)::text AS "from",
    max(l.period_until)::text AS until, sum(l.rated_minor)::text AS minor, array_agg(l.units) AS units
  FROM invoice_line l JOIN invoice_cycle c ON c.id = l.cycle_id WHERE c.account_id = $1 AND NOT c.voided
  GROUP BY 1, 2 ORDER BY 1, 2`;
const HOLIDAYS = `SELECT DISTINCT h.calendar_code AS code, h.day::text AS day FROM holiday h
  JOIN (SELECT code, max(calendar_version) AS latest FROM business_calendar WHERE code = ANY ($1) GROUP BY code) c
    ON c.code = h.calendar_code AND c.latest = h.calendar_version ORDER BY 1, 2`;

type VersionRow = Version & { code: string; currency: string };
type CycleRow = Omit<BilledCycle, 'lines' | 'startsAt' | 'endsAt'> & { startsAt: Date; endsAt: Date };
interface LineRow extends Period {
  cycleId: string;
  rateId: string;
  minor: string;
  units: string[];
}

/** What an account agreed to, and what was billed to it. Refuses with NOT_FOUND. */
export async function termsOfAccount(ask: Askable, accountId: string): Promise<AccountTerms> {
  const query: Askable['query'] = (text, values) => ask.query(text, values);
  const [account] = await query<AccountTerms['account']>(ACCOUNT, [accountId]);
  if (!account) return notFound('Account');
  const versions = await query<VersionRow>(VERSIONS, [accountId]);
  const lobs = await query<{ id: string }>(LOBS, [accountId]);
  const cycles = await query<CycleRow>(BILLED, [accountId]);
  const lines = await query<LineRow>(BILLED_LINES, [accountId]);
  const calendars = [...new Set(versions.flatMap(({ calendarCode }) => calendarCode ?? []))];
  const days = await query<{ code: string; day: string }>(HOLIDAYS, [calendars]);
  const taxRules = await taxRulesOf(ask, account.legalEntityId);
  const digest = digestOf([account, versions, lobs, cycles, lines, days, taxRules]);
  return {
    account,
    taxRules,
    digest,
    agreements: agreementsOf(
      versions,
      lobs.map(({ id }) => id),
    ),
    billed: billedCycles(cycles, lines, versions),
    holidays: new Map(
      calendars.map((code) => [code, new Set(days.filter((each) => each.code === code).map(({ day }) => day))]),
    ),
  };
}

export const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url');

function agreementsOf(versions: readonly VersionRow[], lobIds: readonly string[]): AgreementTerms[] {
  const ids = [...new Set(versions.map(({ agreementId }) => agreementId))];
  return ids.map((id) => {
    const own = versions.filter(({ agreementId }) => agreementId === id);
    const others = versions.filter(({ agreementId }) => agreementId !== id);
    const { code, currency } = own[0]!;
    return { id, code, currency, versions: own, scopes: own.flatMap((version) => scopesOf(version, others, lobIds)) };
  });
}

/** Whom a version is about, and when: what it names, or all that no version of another agreement names on that day. */
function scopesOf(version: Version, others: readonly Version[], lobIds: readonly string[]): Scope[] {
  const { effectiveFrom: from, effectiveUntil: until } = version;
  if (until !== null && until <= from) return [];
  if (version.lobIds) return [{ from, until, lobIds: version.lobIds, but: [] }];
  const naming = others.filter((other) => other.lobIds && other.effectiveFrom !== other.effectiveUntil);
  const edges = naming
    .flatMap((other) => [other.effectiveFrom, other.effectiveUntil ?? []].flat())
    .filter((day) => day > from && (until === null || day < until));
  const starts = [...new Set([from, ...edges])].toSorted();
  return starts.map((day, place) => {
    const named = new Set(naming.filter((other) => holdsOn(other, day)).flatMap((other) => other.lobIds ?? []));
    const but = [...named].toSorted();
    return { from: day, until: starts[place + 1] ?? until, lobIds: lobIds.filter((id) => !named.has(id)), but };
  });
}

const holdsOn = ({ effectiveFrom, effectiveUntil }: Version, day: string): boolean =>
  effectiveFrom <= day && (effectiveUntil === null || day < effectiveUntil);

function billedCycles(
  cycles: readonly CycleRow[],
  lines: readonly LineRow[],
  versions: readonly VersionRow[],
): BilledCycle[] {
  const rates = new Map<string, { rate: Rate; version: Version }>(
    versions.flatMap((version) => version.rates.map((rate) => [rate.id, { rate, version }] as const)),
  );
  return cycles.map((cycle) => ({
    ...cycle,
    startsAt: cycle.startsAt.getTime(),
    endsAt: cycle.endsAt.getTime(),
    lines: lines
      .filter(({ cycleId }) => cycleId === cycle.id)
      .map(({ rateId, from, until, minor, units }) => ({
        ...rates.get(rateId)!,
        days: { from, until },
        minor: BigInt(minor),
        units: units.reduce((sum, each) => sum.add(fractionOf(each)), NONE),
      })),
  }));
}
