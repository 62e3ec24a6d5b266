import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { DomainError } from './errors';
import type { Keys } from './keys';

/** May do what the API does: granted by the migrations, never logged in as. */
export const API_ROLE = 'countersign_api';
/** Owns the schema `audit`; nobody can log in as it and no login role belongs to it. */
export const AUDIT_ROLE = 'countersign_audit';

/** The API's login differs with the master key, so that installations on one cluster do not take each other's away. */
const loginName = (keys: Keys) =>
  `countersign_login_${createHash('sha256').update(keys.databasePassword).digest('hex').slice(0, 8)}`;

/**
 * Makes the roles that are missing, with the owner's connection, and returns the URL to log in as the API with.
 */
export async function ensureRoles(ownerUrl: string, keys: Keys): Promise<string> {
  const login = loginName(keys);
  const password = keys.databasePassword;
  const client = new Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await ensureRole(client, API_ROLE, 'NOLOGIN');
    await ensureRole(client, AUDIT_ROLE, 'NOLOGIN');
    await ensureRole(
      client,
      login,
      `LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${password}' IN ROLE ${API_ROLE}`,
    );
    // A temporary table would stand in front of the real one of its name.
    await client.query(
      `DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$`,
    );
  } finally {
    await client.end();
  }
  const url = new URL(ownerUrl);
  url.username = login;
  url.password = password;
  return url.href;
}

/** duplicate_object and unique_violation: another process, on whatever database of the cluster, was faster. */
const FASTER = new Set(['42710', '23505']);

async function ensureRole(client: Client, role: string, options: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  if (rowCount === 1) return;
  await client.query(`CREATE ROLE ${role} ${options}`).catch((error: { code?: string }) => {
    if (!FASTER.has(error.code ?? '')) throw error;
  });
}

const INSUFFICIENT_PRIVILEGE = '42501';

/** What an owner who may not make roles, or not give the trail away, is told: DATABASE_ROLES_MISSING, with what to run. */
export function asMissingRoles(error: unknown, keys: Keys): unknown {
  const { code, driverError } = error as { code?: string; driverError?: { code?: string } };
  if (INSUFFICIENT_PRIVILEGE !== (driverError?.code ?? code)) return error;
  const message = [
    'The user of DATABASE_URL may not make the roles that keep the API from changing its own audit trail.',
    'Let an administrator run what is missing of this, then set DATABASE_API_URL to log in with the last of them:',
    `  CREATE ROLE ${API_ROLE} NOLOGIN;`,
    `  CREATE ROLE ${AUDIT_ROLE} NOLOGIN;`,
    `  GRANT ${AUDIT_ROLE} TO <the user of DATABASE_URL>;   -- to be revoked after the first start`,
    `  CREATE ROLE ${loginName(keys)} LOGIN PASSWORD '<a password>' IN ROLE ${API_ROLE};`,
  ];
  return new DomainError('DATABASE_ROLES_MISSING', message.join('\n'));
}
