/**
 * The last statement of a transaction that wrote, since from here to its commit other transactions of the same users wait. A
 * position only grows, also where the log began anew (a dump that was restored).
 */
export const MOVE_POSITIONS = `INSERT INTO caller_position AS kept (user_id, position)
  SELECT id, pg_current_wal_insert_lsn() FROM unnest($1::uuid[]) AS id ORDER BY id
  ON CONFLICT (user_id) DO UPDATE SET position = greatest(pg_current_wal_insert_lsn(), kept.position + 1)`;

/** Up to where in the log a user has written, as far as the server that is asked has come. `user` is an expression of ours. */
export const positionOf = (user: string): string =>
  `coalesce((SELECT c.position FROM caller_position c WHERE c.user_id = ${user}), '0/0')`;

/** An empty text says that a replica is so far behind that nobody should read from it; no answer is empty. */
export const FAR_BEHIND = '';

/** What a replica must have come to: positions in the primary's log, as PostgreSQL writes them. */
export interface Reached {
  readonly userId: string;
  /** Up to where that user has written. */
  readonly own: string;
  /** Where the primary was some time ago. What is behind that is of no use to anybody. */
  readonly common: string;
}

/**
 * How a statement for replicas begins, with the values of `Reached`. It answers null when the replica has not caught up with the
 * user: their row belongs to the snapshot that is read from, which pg_last_wal_replay_lsn() does not. That one is null
 * on a server that is no replica (any more).
 */
export const WHEN_CAUGHT_UP = `select case
  when (pg_last_wal_replay_lsn() >= $3::pg_lsn) is not true then ''
  when ${positionOf('$1::uuid')} >= $2::pg_lsn then`;

export const valuesOf = ({ userId, own, common }: Reached): string[] => [userId, own, common];
