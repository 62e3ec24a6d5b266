import { behindCut } from '../rating/behind-line';

/** Which calls a document is about. */
export interface CallsAsked {
  accountId: string;
  /** Null: all. */
  lobIds: readonly string[] | null;
  /** From this instant until, exclusively, that one. */
  from: Date;
  until: Date;
  /** The account's records up to this sequence, which stay what they are. */
  upTo: string;
  /** Only those behind lines of this invoice; null: all. */
  invoiceId: string | null;
}

/** Values of `THAT_COUNT`, in order. */
export const valuesOf = ({ accountId, lobIds, from, until, upTo, invoiceId }: CallsAsked): unknown[] => [
  accountId,
  from,
  until,
  lobIds,
  upTo,
  invoiceId,
];

/** The records `r` that count (docs/USAGE.md): no reversals, and nothing that another record takes the place of. */
export const THAT_COUNT = `WITH counted AS (
    SELECT r.* FROM call_record r
    WHERE r.account_id = $1 AND r.started_at >= $2 AND r.started_at < $3 AND ($4::uuid[] IS NULL OR r.lob_id = ANY ($4)) AND r.sequence <= $5
      AND (r.started_at, r.id) NOT IN (SELECT s.started_at, s.id FROM superseded_calls($1, $5) s)
      AND ($6::uuid IS NULL OR EXISTS (SELECT FROM invoice_line l JOIN usage_cut c ON c.line_id = l.id
        WHERE l.invoice_id = $6 AND ${behindCut('r', 'c')})))`;
