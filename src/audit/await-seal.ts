import type { Pool } from 'pg';

/** In ms: how often it is looked. The sealer comes by once a second. */
const ROUND = 100;

const WAITING = `SELECT count(*) FILTER (WHERE l.place IS NULL)::int AS unsealed, max(l.place)::float8 AS place
  FROM audit.event e LEFT JOIN audit.leaf l ON l.event_id = e.id WHERE e.request_id = $1`;

const HEAD = 'SELECT min(size)::float8 AS size FROM audit.checkpoint WHERE size > $1';

/**
 * Waits until every event of a request has its place in the tree, at most so many ms. Returns the size of the smallest signed head
 * that vouches for all of them; null when there are none, or when time is up.
 */
export async function awaitSeal(pool: Pool, requestId: string, ms: number): Promise<number | null> {
  const deadline = performance.now() + ms;
  for (;;) {
    const [found] = (await pool.query<{ unsealed: number; place: number | null }>(WAITING, [requestId])).rows;
    if (found!.unsealed === 0) {
      if (found!.place === null) return null;
      return (await pool.query<{ size: number | null }>(HEAD, [found!.place])).rows[0]!.size;
    }
    if (performance.now() + ROUND > deadline) return null;
    await new Promise((resolve) => setTimeout(resolve, ROUND));
  }
}
