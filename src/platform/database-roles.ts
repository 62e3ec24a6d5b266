import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { DomainError } from './errors';
import type { Keys } from './keys';

/** May do what the API does: granted by the migrations, never logged in as. */
export const API_ROLE = 'countersign_api';
/** Owns the schema `audit`; nobody can log in as it and no login role belongs to it. */
export const AUDIT_ROLE = 'countersign_audit';

/**
 * What stands around a migration that changes the trail: that is for members of its role alone, so for this moment for one more. Where an
 * administrator made the owner a member by hand, it is the administrator's to take back.
 */
export const WITHIN_TRAIL = {
  // From PostgreSQL 16 on, whoever made a role is a member of it who may give it away and not act as it.
  begin: `DO $$ BEGIN IF NOT pg_has_role(current_user, '${AUDIT_ROLE}',
      CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
    EXECUTE format('GRANT ${AUDIT_ROLE} TO %I', current_user); END IF; END $$`,
  end: `DO $$ BEGIN EXECUTE format('REVOKE ${AUDIT_ROLE} FROM %I', current_user);
    EXCEPTION WHEN insufficient_privilege THEN NULL; END $$`,
} as const;

/** May add places, nodes and heads to the tree, and nothing else. */
export const SEALER_ROLE = 'countersign_sealer';
/** May read the trail, and nothing else. */
export const AUDITOR_ROLE = 'countersign_auditor';

/** How each of them logs in. */
export interface Logins {
  readonly api: string;
  readonly sealer: string;
  readonly auditor: string;
}

/** What each login may do, and how it is named. */
const MEMBERS = { api: API_ROLE, sealer: SEALER_ROLE, auditor: AUDITOR_ROLE } as const;
const NAMES = { api: 'login', sealer: 'sealer', auditor: 'auditor' } as const;

type Who = keyof Logins;
const WHO = Object.keys(MEMBERS) as Who[];

/** Logins differ with the master key, so that installations on one cluster do not take each other's away. */
const loginName = (who: Who, keys: Keys) =>
  `countersign_${NAMES[who]}_${createHash('sha256').update(keys.databasePassword).digest('hex').slice(0, 8)}`;

const passwordOf = (who: Who, keys: Keys) =>
  ({ api: keys.databasePassword, sealer: keys.sealerPassword, auditor: keys.auditorPassword })[who];

/** Makes the roles that are missing, with the owner's connection, and returns the URLs to log in with. */
export async function ensureRoles(ownerUrl: string, keys: Keys): Promise<Logins> {
  const client = new Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await ensureRole(client, AUDIT_ROLE, 'NOLOGIN');
    for (const who of WHO) {
      const role = MEMBERS[who];
      await ensureRole(client, role, 'NOLOGIN');
      const login = `LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${passwordOf(who, keys)}' IN ROLE ${role}`;
      await ensureRole(client, loginName(who, keys), login);
    }
    // A temporary table would stand in front of the real one of its name.
    await client.query(
      `DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$`,
    );
  } finally {
    await client.end();
  }
  return loginsOf(ownerUrl, keys);
}

/** The URLs to log in with, where the roles have been made. Of the URL that is given only the server and the database count. */
export const loginsOf = (url: string, keys: Keys): Logins => ({
  api: loginUrl('api', url, keys),
  sealer: loginUrl('sealer', url, keys),
  auditor: loginUrl('auditor', url, keys),
});

function loginUrl(who: Who, ownerUrl: string, keys: Keys): string {
  const url = new URL(ownerUrl);
  url.username = loginName(who, keys);
  url.password = passwordOf(who, keys);
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

const IN_USE = 'SELECT FROM pg_stat_activity WHERE usename = ANY($1) LIMIT 1';
const ABLE = 'SELECT rolname AS name FROM pg_roles WHERE rolname = ANY($1) AND rolcanlogin';

/**
 * Takes away the logins of retired keys, those of a key together, once nobody is connected with one of them: a process that has not been
 * started anew keeps a connection. Gives the names of those that stay for now.
 */
export async function dropLogins(ownerUrl: string, retired: readonly Keys[]): Promise<string[]> {
  if (retired.length === 0) return [];
  const client = new Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    for (const keys of retired) await dropUnused(client, namesOf(keys));
    return (await client.query<{ name: string }>(ABLE, [retired.flatMap(namesOf)])).rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

const namesOf = (keys: Keys): string[] => WHO.map((who) => loginName(who, keys));

/** One that something was granted to, in whatever database of the cluster, cannot be dropped, but kept from logging in. */
async function dropUnused(client: Client, names: string[]): Promise<void> {
  if ((await client.query(IN_USE, [names])).rowCount !== 0) return;
  for (const { name } of (await client.query<{ name: string }>(ABLE, [names])).rows)
    await client
      .query(`DROP ROLE ${name}`)
      .catch(() => client.query(`ALTER ROLE ${name} NOLOGIN PASSWORD NULL`))
      // Who may not, or was not fast enough, leaves it: what stays is looked up afterwards.
      .catch(() => undefined);
}

/** What an owner who may not make roles, or not give the trail away, is told: DATABASE_ROLES_MISSING, with what to run. */
export function asMissingRoles(error: unknown, keys: Keys): unknown {
  const { code, driverError } = error as { code?: string; driverError?: { code?: string } };
  if (INSUFFICIENT_PRIVILEGE !== (driverError?.code ?? code)) return error;
  const message = [
    'The user of DATABASE_URL may not make the roles that keep the API from changing its own audit trail.',
    'Let an administrator run what is missing of this, then set DATABASE_API_URL, DATABASE_SEALER_URL and DATABASE_AUDITOR_URL',
    'to log in with the last three:',
    `  CREATE ROLE ${AUDIT_ROLE} NOLOGIN;`,
    `  GRANT ${AUDIT_ROLE} TO <the user of DATABASE_URL>;   -- to be revoked after the start`,
    ...WHO.map((who) => `  CREATE ROLE ${MEMBERS[who]} NOLOGIN;`),
    ...WHO.map((who) => `  CREATE ROLE ${loginName(who, keys)} LOGIN PASSWORD '<a password>' IN ROLE ${MEMBERS[who]};`),
  ];
  return new DomainError('DATABASE_ROLES_MISSING', message.join('\n'));
}
