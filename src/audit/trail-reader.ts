import { Client } from 'pg';
import { refuse } from '../platform/errors';
import type { Query } from './stored-nodes';

/** Reads the trail as it was at one instant, as somebody who may read it and nothing else. */
export interface TrailReader {
  readonly query: Query;
  /** For others that are to read it at the same instant, while this one is open. */
  readonly snapshot: string;
  readonly close: () => Promise<void>;
}

/** A connection of an auditor, not open yet. Names that stand without a schema are the database's own, whatever somebody has set for this login. */
export function auditorClient(url: string, name: string): Client {
  const client = new Client({
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: 10_000,
    options:
      '-c search_path=pg_catalog,pg_temp -c jit=off -c statement_timeout=0 -c idle_in_transaction_session_timeout=0',
  });
  client.on('error', () => undefined); // the next statement says so
  return client;
}

/** Opens it at this instant, or at that of a snapshot. Refuses with AUDIT_DATABASE_UNREACHABLE. */
export async function openTrail(url: string, snapshot: string | null = null): Promise<TrailReader> {
  const client = auditorClient(url, 'countersign audit');
  try {
    await client.connect();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    if (snapshot !== null) await client.query(`SET TRANSACTION SNAPSHOT ${client.escapeLiteral(snapshot)}`);
    const query: Query = async (text, values) => (await client.query(text, values)).rows as never;
    const [own] = snapshot === null ? await query<{ id: string }>('SELECT pg_export_snapshot() AS id', []) : [];
    return { query, snapshot: snapshot ?? own!.id, close: () => client.end() };
  } catch (error) {
    await client.end().catch(() => undefined);
    refuse(
      'AUDIT_DATABASE_UNREACHABLE',
      `The trail cannot be read: ${(error as Error).message || String((error as { code?: string }).code)}`,
    );
  }
}
