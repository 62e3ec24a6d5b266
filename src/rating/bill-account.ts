import { hash } from 'node:crypto';
import { Account } from '../accounts/account.entity';
import { record } from '../audit/record';
import { InvoiceCycle } from '../billing/invoice-cycle.entity';
import { InvoiceLine } from '../billing/invoice-line.entity';
import { Invoice } from '../billing/invoice.entity';
import { shownMoney, totalsOf } from '../billing/invoice.rules';
import { assertOpen } from '../accounts/account.rules';
import { type App, ownContext } from '../platform/context';
import { type Askable, reading } from '../platform/pooled';
import { inTransaction, type Transaction } from '../platform/transaction';
import { type AccountTerms, termsOfAccount } from './account-terms';
import { BillingRun, BillingRunAccount, type Figures } from './billing-run.entity';
import { type Draft, type Drafts, draftsOf } from './draft.rules';
import { figuresOf, LOOKED_BACK, type Usual } from './fuse.rules';
import { taxed, type TaxedLine } from './line-tax.rules';
import { rateAccount, type RatedCycle, sequenceNow, type ToRate } from './rate-account';
import { unratedOutside } from './unrated-calls';

/** What an account comes to. */
export interface Bill extends Drafts {
  readonly terms: AccountTerms;
  readonly figures: readonly Figures[];
  readonly unratedCalls: number;
}

/** Works out what of an account is due. Nothing is locked and nothing is saved: what is read up to a sequence stays as it is. */
export const billOf = (app: App, accountId: string, what: ToRate): Promise<Bill> =>
  reading(app, async (ask) => {
    const sequence = await sequenceNow(ask, accountId);
    const terms = await termsOfAccount(ask, accountId);
    const rated = await rateAccount(ask, terms, what, sequence);
    const drafts = draftsOf(rated);
    const percent = app.config.billingFusePercent;
    const figures: Figures[] = [];
    for (const draft of drafts.drafts)
      figures.push(figuresOf(draft, await usualFor(ask, accountId, draft), { percent }));
    const within = rated.filter(({ corrects }) => corrects === null).reduce((sum, each) => sum + each.unratedCalls, 0);
    const unratedCalls = within + (await unratedOutside(ask, terms, what.period, sequence));
    return { ...drafts, terms, figures, unratedCalls };
  });

/** Invoices of periods about as long, the latest first. */
const USUAL = `SELECT i.subtotal_minor::text AS "subtotalMinor", (SELECT count(*)::int FROM invoice_line l WHERE l.invoice_id = i.id) AS lines
  FROM invoice i WHERE i.account_id = $1 AND i.currency = $2 AND i.billing_run_id IS NOT NULL AND i.status <> 'VOIDED' AND i.period_until <= $3::date
    AND (i.period_until - i.period_from) BETWEEN ($4::date - $3::date) * 0.8 AND ($4::date - $3::date) * 1.25
  ORDER BY i.period_until DESC, i.id LIMIT ${LOOKED_BACK}`;

const usualFor = async ({ query }: Askable, accountId: string, { currency, from, until }: Draft): Promise<Usual[]> =>
  (await query<{ subtotalMinor: string; lines: number }>(USUAL, [accountId, currency, from, until])).map(
    ({ subtotalMinor, lines }) => ({ subtotalMinor: BigInt(subtotalMinor), lines }),
  );

/** Something of the account was changed while it was rated. */
class Moved extends Error {}

const ATTEMPTS = 5;

/**
 * Bills an account of a run, once: whoever comes second finds it settled, or its cycles billed. It is rated outside of any transaction, then what it was rated by
 * is read again behind the account's lock; if anything of that moved, all is done anew.
 */
export async function billAccount(app: App, partId: string): Promise<void> {
  const part = await app.database.orm.manager.findOneByOrFail(BillingRunAccount, { id: partId });
  const run = await app.database.orm.manager.findOneByOrFail(BillingRun, { id: part.runId });
  const period = { from: run.periodFrom, until: run.periodUntil };
  for (let attempt = 1; ; attempt += 1) {
    const bill = await billOf(app, part.accountId, { period, now: app.clock() });
    try {
      return await inTransaction(ownContext(app, 'jobs'), (tx) => settle(tx, partId, run, bill));
    } catch (error) {
      if (!(error instanceof Moved) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function settle(tx: Transaction, partId: string, run: BillingRun, bill: Bill): Promise<void> {
  const part = await tx.lock(BillingRunAccount, partId);
  if (part.state !== 'WAITING') return;
  const account = await tx.lock(Account, part.accountId);
  const { digest } = await termsOfAccount({ query: (text, values) => tx.query(text, values) }, account.id);
  if (digest !== bill.terms.digest) throw new Moved('The account moved while it was rated.');
  assertOpen(account);
  const { figures, unratedCalls } = bill;
  // What was stopped goes on if it comes to what it came to when it was looked at.
  const stopped = figures.some(({ blown }) => blown) && !isSame(part.figures, figures);
  if (!stopped) for (const draft of bill.drafts) await saveDraft(tx, run, account, draft);
  const state = stopped ? 'PARKED' : bill.drafts.length > 0 ? 'DRAFTED' : 'NOTHING';
  const settledAt = stopped ? null : tx.now;
  await tx.update(part, { state, figures: [...figures], unratedCalls, settledAt });
  await record(tx, {
    action: stopped ? 'billing.parked' : 'billing.drafted',
    outcome: 'DONE',
    subjectType: 'BillingRunAccount',
    subjectId: part.id,
    changes: [
      { path: 'state', before: part.state, after: state },
      { path: 'unratedCalls', before: part.unratedCalls, after: unratedCalls },
      ...figures.map((each, index) => ({
        path: `figures.${index + 1}`,
        before: part.figures[index] ?? null,
        after: each,
      })),
    ],
  });
}

const isSame = (looked: readonly Figures[], now: readonly Figures[]): boolean =>
  looked.length === now.length &&
  looked.every(
    (each, place) =>
      each.subtotalMinor === now[place]!.subtotalMinor &&
      each.lines === now[place]!.lines &&
      each.currency === now[place]!.currency &&
      each.periodFrom === now[place]!.periodFrom,
  );

/** Ids come of what they stand for: an invoice that is drafted again after a crash is the same one (RFC 9562, version 8). */
function idOf(...of: readonly (string | number)[]): string {
  const bytes = hash('sha256', JSON.stringify(of), 'buffer').subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const EARLIER = `SELECT count(*)::int AS count FROM invoice WHERE account_id = $1 AND currency = $2 AND period_from = $3 AND period_until = $4`;

async function saveDraft(tx: Transaction, run: BillingRun, account: Account, draft: Draft): Promise<void> {
  const { currency, from, until, cycles } = draft;
  const [{ count }] = (await tx.query<{ count: number }>(EARLIER, [account.id, currency, from, until])) as [
    { count: number },
  ];
  const id = idOf('invoice', account.id, currency, from, until, count);
  const lines = taxed(
    cycles.flatMap((cycle, place) =>
      cycle.lines.map((line) => ({ ...line, cycleId: idOf(id, 'cycle', place), cycle })),
    ),
  );
  const untouched = { disputedMinor: 0n, creditedMinor: 0n };
  const invoice = {
    id,
    accountId: account.id,
    status: 'DRAFT' as const,
    paymentStatus: 'UNPAID' as const,
    currency,
    ...totalsOf(lines),
    ...untouched,
    dueInDays: draft.dueInDays,
    draftedById: run.startedById,
    periodFrom: from,
    periodUntil: until,
    billingRunId: run.id,
  };
  await tx.insert(Invoice, invoice as Invoice);
  await tx.insert(
    InvoiceCycle,
    cycles.map((cycle, place) => cycleRow(cycle, idOf(id, 'cycle', place), invoice)),
  );
  const rows = lines.map((line) => ({
    ...lineRow(line, invoice),
    id: idOf(id, 'line', line.lineNumber),
    ...untouched,
  }));
  for (let place = 0; place < rows.length; place += 500)
    await tx.insert(InvoiceLine, rows.slice(place, place + 500) as unknown as InvoiceLine[]);
  await saveCuts(tx, rows, lines);
  await record(tx, {
    action: 'invoice.drafted',
    outcome: 'DONE',
    subjectType: 'Invoice',
    subjectId: id,
    changes: [
      { path: 'status', before: null, after: invoice.status },
      { path: 'account', before: null, after: account.id },
      { path: 'period', before: null, after: { from, until } },
      { path: 'billingRun', before: null, after: run.id },
      { path: 'total', before: null, after: shownMoney(invoice.totalMinor, currency) },
      ...lines.map((line) => ({
        path: `lines.${line.lineNumber}`,
        before: null,
        after: {
          description: line.description,
          quantity: line.quantity,
          unitPrice: line.unitPrice,
          amount: shownMoney(line.amountMinor, currency),
        },
      })),
    ],
  });
}

const cycleRow = (
  { agreement, timeline, zone, corrects, sequence, terms }: RatedCycle,
  id: string,
  invoice: { id: string; accountId: string },
): InvoiceCycle =>
  ({
    id,
    invoiceId: invoice.id,
    accountId: invoice.accountId,
    agreementId: agreement.id,
    periodFrom: timeline.cycle.from,
    periodUntil: timeline.cycle.until,
    days: timeline.cycle.days,
    startsAt: new Date(timeline.from),
    endsAt: new Date(timeline.until),
    zone,
    sequenceUpto: sequence,
    terms,
    correctsId: corrects?.id ?? null,
    voided: false,
  }) as InvoiceCycle;

type Line = TaxedLine & { readonly cycleId: string; readonly cycle: RatedCycle };

const lineRow = (line: Line, invoice: { id: string; currency: string }) => ({
  invoiceId: invoice.id,
  lineNumber: line.lineNumber,
  lobId: line.rate.lobId,
  description: line.description,
  currency: invoice.currency,
  quantity: line.quantity,
  unitPrice: line.unitPrice,
  taxRate: line.taxRate,
  amountMinor: line.amountMinor,
  taxMinor: line.taxMinor,
  totalMinor: line.totalMinor,
  kind: line.kind,
  cycleId: line.cycleId,
  agreementRateId: line.rate.id,
  agreementVersionId: line.version.id,
  periodFrom: line.days.from,
  periodUntil: line.days.until,
  measure: line.measure,
  units: line.units.toFraction(),
  ratedMinor: line.minor,
  detail: [...line.detail],
  correctsInvoiceId: line.cycle.corrects?.invoiceId ?? null,
});

const CUTS = `INSERT INTO usage_cut (line_id, place, account_id, measure, lob_ids, services, services_except, stretches, sequence_after, sequence_upto)
  SELECT c."lineId", c.place, c."accountId", c.measure, c."lobIds", c.services, c."servicesExcept", c.stretches, c.after, c.upto
  FROM jsonb_to_recordset($1::jsonb) AS c ("lineId" uuid, place integer, "accountId" uuid, measure text, "lobIds" uuid[], services text[],
    "servicesExcept" text[], stretches tstzmultirange, after bigint, upto bigint) RETURNING line_id`;

/**
 * Beside what came since a cycle was rated, a correction stands on what had been counted by its rate before and is not any more, or the other way round:
 * what an amendment moved.
 */
const MOVED = `INSERT INTO usage_cut (line_id, place, account_id, measure, lob_ids, services, services_except, stretches, sequence_after, sequence_upto)
  SELECT $1, $5 + row_number() OVER (ORDER BY l.line_number, c.place), c.account_id, c.measure, c.lob_ids, c.services, c.services_except, c.stretches - $4::tstzmultirange,
    c.sequence_after, c.sequence_upto
  FROM usage_cut c JOIN invoice_line l ON l.id = c.line_id JOIN invoice_cycle k ON k.id = l.cycle_id
  WHERE coalesce(k.corrects_id, k.id) = $2 AND NOT k.voided AND l.agreement_rate_id = $3 AND l.id <> $1 AND NOT isempty(c.stretches - $4::tstzmultirange)
  RETURNING line_id`;

async function saveCuts(tx: Transaction, rows: readonly { id: string }[], lines: readonly Line[]): Promise<void> {
  const cuts = lines.flatMap(({ cycle, rate, measure }, index) => {
    const isBilled = cycle.corrects?.lines.some((each) => each.rate.id === rate.id) ?? false;
    return (cycle.cuts.get(rate.id) ?? []).map((cut, place) => ({
      lineId: rows[index]!.id,
      place: place + 1,
      accountId: cycle.accountId,
      measure,
      lobIds: cut.lobIds,
      services: cut.services,
      servicesExcept: cut.servicesExcept,
      stretches: multirange(cut.stretches),
      after: isBilled ? cycle.corrects!.sequence : '0',
      upto: cycle.sequence,
    }));
  });
  if (cuts.length > 0) await tx.write(CUTS, [JSON.stringify(cuts)]);
  for (const [index, { cycle, rate }] of lines.entries()) {
    if (!cycle.corrects) continue;
    const own = (cycle.cuts.get(rate.id) ?? []).flatMap(({ stretches }) => stretches);
    const place = (cycle.cuts.get(rate.id) ?? []).length;
    await tx.write(MOVED, [rows[index]!.id, cycle.corrects.id, rate.id, multirange(own), place]);
  }
}

const multirange = (stretches: readonly { from: number; until: number }[]): string =>
  `{${stretches.map(({ from, until }) => `["${new Date(from).toISOString()}","${new Date(until).toISOString()}")`).join()}}`;
