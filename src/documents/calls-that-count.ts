/** Which calls a document is about. */
export interface CallsAsked {
  accountId: string;
  /** The LOBs of the viewer; null: all. */
  lobIds: readonly string[] | null;
  /** From this instant until, exclusively, that one. */
  from: Date;
  until: Date;
  /** The account's records up to this sequence, which stay what they are; null: all that there are now. */
  upTo: string | null;
}

/** Values of `THAT_COUNT`, in order. */
export const valuesOf = ({ accountId, lobIds, from, until, upTo }: CallsAsked): unknown[] => [
  accountId,
  from,
  until,
  lobIds,
  upTo,
];

/**
 * The records `r` that count: no reversals, nothing that another record of its source corrects or takes back, and of several corrections of one
 * record the one with the highest sequence (docs/USAGE.md).
 */
export const THAT_COUNT = `WITH naming AS (
    SELECT source_number, corrects, max(sequence) AS sequence FROM call_record
    WHERE account_id = $1 AND corrects IS NOT NULL AND ($5::bigint IS NULL OR sequence <= $5) GROUP BY 1, 2),
  counted AS (
    SELECT r.* FROM call_record r
    LEFT JOIN naming other ON other.source_number = r.source_number AND other.corrects = r.source_id
    LEFT JOIN naming same ON same.source_number = r.source_number AND same.corrects = r.corrects
    WHERE r.account_id = $1 AND r.started_at >= $2 AND r.started_at < $3 AND r.kind <> 'REVERSAL'
      AND ($4::uuid[] IS NULL OR r.lob_id = ANY ($4)) AND ($5::bigint IS NULL OR r.sequence <= $5)
      AND other.corrects IS NULL AND (r.corrects IS NULL OR r.sequence = same.sequence))`;
