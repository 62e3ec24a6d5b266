/**
 * Whether a call stands behind a cut of usage, by the aliases of both: it is of its lines of business and services, began then, was seen then, and is what the
 * measure counts. What other records took the place of is another matter (`superseded_calls`).
 */
export const behindCut = (call: string, cut: string): string =>
  `${seenBy(call, cut)} AND ${call}.started_at <@ ${cut}.stretches
    AND (${cut}.services IS NULL OR ${call}.service = ANY (${cut}.services))
    AND (${cut}.services_except IS NULL OR ${call}.service IS NULL OR ${call}.service <> ALL (${cut}.services_except))
    AND is_measured(${cut}.measure, ${call}.outcome, ${call}.resolved)`;

/** Whether a record, a call or what was reported, is of the account, the lines of business and the sequences of a cut. */
export const seenBy = (record: string, cut: string): string =>
  `${record}.account_id = ${cut}.account_id AND ${record}.lob_id = ANY (${cut}.lob_ids)
    AND ${record}.sequence > ${cut}.sequence_after AND ${record}.sequence <= ${cut}.sequence_upto`;
