import type { Invoice } from '../billing/invoice.entity';
import type { App } from '../platform/context';
import { ask } from '../platform/pooled';
import type { CallsAsked } from './calls-that-count';
import type { Period } from './invoice-document';

/** The calls that an invoice stands on. */
export interface CallsOfInvoice {
  /** Those behind its lines: what it bills and corrects. */
  behind: CallsAsked;
  /** Those of its own period, whatever became of them: how they went. */
  within: CallsAsked;
  period: Period;
}

const BEHIND = `SELECT i.account_id AS "accountId", min(lower(c.stretches)) AS "from", max(upper(c.stretches)) AS until, max(c.sequence_upto)::text AS "upTo",
    array(SELECT DISTINCT unnest(d.lob_ids) FROM usage_cut d JOIN invoice_line m ON m.id = d.line_id WHERE m.invoice_id = i.id) AS "lobIds"
  FROM invoice i JOIN invoice_line l ON l.invoice_id = i.id JOIN usage_cut c ON c.line_id = l.id WHERE i.id = $1 GROUP BY i.id`;
const WITHIN = `SELECT min(starts_at) AS "from", max(ends_at) AS until FROM invoice_cycle WHERE invoice_id = $1 AND corrects_id IS NULL`;

/** The calls behind an invoice, up to the sequence that it was rated to; null: it stands on none. */
export async function callsOfInvoice(
  app: App,
  { id, periodFrom, periodUntil }: Invoice,
): Promise<CallsOfInvoice | null> {
  const [behind] = await ask<Omit<CallsAsked, 'invoiceId'>>(app, { text: BEHIND, values: [id] });
  const [own] = await ask<{ from: Date; until: Date }>(app, { text: WITHIN, values: [id] });
  if (!behind || !own || periodFrom === null || periodUntil === null) return null;
  return {
    behind: { ...behind, invoiceId: id },
    within: { ...behind, ...own, invoiceId: null },
    period: { from: periodFrom, until: periodUntil },
  };
}
