import { ask } from '../platform/pooled';
import type { App } from '../platform/context';
import { type CallsAsked, THAT_COUNT, valuesOf } from './calls-that-count';
import type { UsageRow } from './usage-csv';

/** Rows that are asked for at once. */
const PAGE = 2_000;

const ROWS = `${THAT_COUNT}
  SELECT c.id, s.code AS source, c.source_id AS "sourceId", c.kind, c.corrects, l.code AS lob, c.service,
    (extract(epoch FROM c.started_at) * 1000)::float8 AS "startedAt", (extract(epoch FROM c.answered_at) * 1000)::float8 AS "answeredAt",
    (extract(epoch FROM c.ended_at) * 1000)::float8 AS "endedAt", c.started_at::text AS at,
    c.wait_seconds AS "waitSeconds", c.talk_seconds AS "talkSeconds", c.outcome, c.resolved
  FROM counted c JOIN lob l ON l.id = c.lob_id JOIN usage_source s ON s.number = c.source_number
  WHERE $7::timestamptz IS NULL OR (c.started_at, c.id) > ($7::timestamptz, $8::uuid)
  ORDER BY c.started_at, c.id LIMIT ${PAGE}`;

type Asked = Omit<UsageRow, 'startedAt' | 'answeredAt' | 'endedAt'> & {
  startedAt: number;
  answeredAt: number | null;
  endedAt: number;
  at: string;
};

/** The calls that count, by start and id, some at a time. */
export async function* usageRows(app: Pick<App, 'database'>, asked: CallsAsked): AsyncGenerator<UsageRow> {
  let last: Asked | undefined;
  for (;;) {
    const values = [...valuesOf(asked), last?.at ?? null, last?.id ?? null];
    const rows = await ask<Asked>(app, { text: ROWS, values });
    for (const { at: _at, startedAt, answeredAt, endedAt, ...row } of rows)
      yield {
        ...row,
        startedAt: new Date(startedAt),
        answeredAt: answeredAt === null ? null : new Date(answeredAt),
        endedAt: new Date(endedAt),
      };
    last = rows.at(-1);
    if (rows.length < PAGE) return;
  }
}
