import { hash } from 'node:crypto';
import { record } from '../audit/record';
import { InvoiceCycle } from '../billing/invoice-cycle.entity';
import { InvoiceLine } from '../billing/invoice-line.entity';
import { InvoiceTax } from '../billing/invoice-tax.entity';
import { Invoice } from '../billing/invoice.entity';
import { lineChanges, shownMoney, totalsOf } from '../billing/invoice.rules';
import { keptTaxes, taxRowsOf } from '../billing/tax-total';
import type { Transaction } from '../platform/transaction';
import type { AccountTerms } from './account-terms';
import type { BillingRun } from './billing-run.entity';
import type { Draft } from './draft.rules';
import { type DraftLine, taxedDraft } from './line-tax.rules';
import type { RatedCycle } from './rate-account';

/** Ids come of what they stand for: an invoice that is drafted again after a crash is the same one (RFC 9562, version 8). */
function idOf(...of: readonly (string | number)[]): string {
  const bytes = hash('sha256', JSON.stringify(of), 'buffer').subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const EARLIER = `SELECT count(*)::int AS count FROM invoice WHERE account_id = $1 AND currency = $2 AND period_from = $3 AND period_until = $4`;

/** Keeps a draft: its invoice, the cycles that it bills, its lines, what they stand on, and its taxes; with the event that tells of it. */
export async function saveDraft(tx: Transaction, run: BillingRun, terms: AccountTerms, draft: Draft): Promise<void> {
  const { account } = terms;
  const { currency, from, until, cycles } = draft;
  const [{ count }] = (await tx.query<{ count: number }>(EARLIER, [account.id, currency, from, until])) as [
    { count: number },
  ];
  const id = idOf('invoice', account.id, currency, from, until, count);
  const { lines, taxes } = taxedDraft(draft, terms);
  const cycleIds = new Map(cycles.map((cycle, place) => [cycle, idOf(id, 'cycle', place)]));
  const untouched = { disputedMinor: 0n, creditedMinor: 0n };
  const invoice = {
    id,
    accountId: account.id,
    legalEntityId: account.legalEntityId,
    status: 'DRAFT' as const,
    paymentStatus: 'UNPAID' as const,
    currency,
    ...totalsOf(lines),
    ...untouched,
    dueInDays: draft.dueInDays,
    reviewDays: draft.reviewDays,
    draftedById: run.startedById,
    periodFrom: from,
    periodUntil: until,
    billingRunId: run.id,
  };
  await tx.insert(Invoice, invoice as Invoice);
  await tx.insert(
    InvoiceCycle,
    cycles.map((cycle) => cycleRow(cycle, cycleIds.get(cycle)!, invoice)),
  );
  const rows = lines.map((line) => ({
    ...lineRow(line, cycleIds.get(line.cycle)!, invoice),
    id: idOf(id, 'line', line.lineNumber),
    ...untouched,
  }));
  for (let place = 0; place < rows.length; place += 500)
    await tx.insert(InvoiceLine, rows.slice(place, place + 500) as unknown as InvoiceLine[]);
  let tax = 0;
  const taxRows = taxRowsOf(taxes, currency, () => idOf(id, 'tax', (tax += 1)));
  await tx.insert(
    InvoiceTax,
    taxRows.map((row) => ({ ...row, invoiceId: id })),
  );
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
      ...lineChanges(lines, currency),
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

const lineRow = (line: DraftLine, cycleId: string, invoice: { id: string; currency: string }) => ({
  invoiceId: invoice.id,
  lineNumber: line.lineNumber,
  lobId: line.rate.lobId,
  description: line.description,
  currency: invoice.currency,
  quantity: line.quantity,
  unitPrice: line.unitPrice,
  taxRate: line.taxRate,
  taxInclusive: line.version.taxInclusive,
  taxes: keptTaxes(line.taxes),
  amountMinor: line.amountMinor,
  taxMinor: line.taxMinor,
  totalMinor: line.totalMinor,
  kind: line.kind,
  cycleId,
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

async function saveCuts(tx: Transaction, rows: readonly { id: string }[], lines: readonly DraftLine[]): Promise<void> {
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
