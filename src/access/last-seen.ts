/** Between which instants is looked, as SQL. */
interface Within {
  readonly since?: string;
  readonly until?: string;
}

/**
 * The instant at which a user (SQL that names them) was last there: opened a session, asked for something in one, as systems do with their keys for months, or did
 * something that left an event. Null: never.
 */
export function lastSeen(user: string, { since, until }: Within = {}): string {
  const used = 'greatest(s.created_at, s.last_seen_at)';
  return `greatest((SELECT max(${used}) FROM session s WHERE s.user_id = ${user}${since ? ` AND ${used} >= ${since}` : ''}),
    (SELECT e.at FROM audit.event e WHERE e.actor_id = ${user}${since ? ` AND e.at >= ${since}` : ''}${until ? ` AND e.at <= ${until}` : ''} ORDER BY e.at DESC LIMIT 1))`;
}
