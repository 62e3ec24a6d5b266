import { createHash, randomBytes } from 'node:crypto';
import type { Actor, App, Context } from '../platform/context';
import { type Askable, ask } from '../platform/pooled';
import { positionOf } from '../platform/positions';
import { NOW, Slot } from '../platform/slot';
import { raw, sql, type Sql } from '../platform/sql';
import { abilityOf, type HeldRole, type RoleName } from './permissions';

/** The bearer of a session's token, as of the moment that the database was asked. */
export interface Identity {
  readonly sessionId: string;
  readonly tokenHash: Buffer;
  /** Of the session's row. */
  readonly version: number;
  readonly actor: Actor;
  /** Each role held that counts in this session, with its account and LOB: `client 0190…`, `supervisor 0190… 0191…`, `auditor `. Sorted. */
  readonly held: readonly string[];
  /** The first instant at which one of them is held no more, in ms; null: none ends by itself. */
  readonly heldUntil: number | null;
  /** What a key may be used for; null: it is none. */
  readonly scopes: readonly string[] | null;
  /** They owe a second factor: nothing but themselves is theirs. */
  readonly alone: boolean;
  /** Their token lacks the scope for anything but reading. */
  readonly readsOnly: boolean;
  /** Viewers of one kind differ in their ids alone: the roles, which of them are bound to an account, or to a LOB of it, the scopes of a key, and who has nothing but themselves. */
  readonly kind: string;
}

interface Found {
  session_id: string | null;
  version: number;
  id: string;
  name: string;
  email: string;
  held: string[];
  held_until: number | null;
  scopes: string[] | null;
  alone: boolean;
  reads_only: boolean;
}

/** What is asked of whoever is identified: which grants count beside, whether two factors were shown, and until when. */
interface Asked {
  counting: string;
  shown: string;
  until: string;
}

/** Somebody whose password another one chose holds nothing yet, nor does who needs a second factor and shows none: see migrations/…-second-factors.ts. */
const counts = ({ counting, shown }: Asked) =>
  `g.user_id = u.id AND g.revoked_at IS NULL AND (g.ends_at IS NULL OR g.ends_at > $2)
  AND role_counts(u, g.role) AND (${shown} OR NOT needs_second_factor(g.role)) AND ${counting}`;
const held = (asked: Asked) =>
  `array(SELECT ${heldAs('g')} FROM role_grant g WHERE ${counts(asked)} ORDER BY 1) AS held,
  extract(epoch FROM least((SELECT min(g.ends_at) FROM role_grant g WHERE ${counts(asked)}), ${asked.until}))::float8 * 1000 AS held_until,
  needs_second_factor(NULL) AND NOT ${asked.shown} AS alone`;

/** A session that may rest (null) is over when it expires, any other when it was not used for too long, too. */
export const LIVES = (now: string) => `s.ended_at IS NULL AND least(s.expires_at, s.idle_until) > ${now}`;

/** What a token told of counts until an instant, and a session that outlives it is looked at anew. */
const IN_SESSION: Asked = {
  counting: '(s.roles IS NULL OR g.role = ANY (s.roles))',
  shown: 'shows_two_factors(s, u, $2)',
  until: 'CASE WHEN s.strong_until > $2 THEN s.strong_until END',
};

/** Of whoever is not here: they showed two factors when they asked, if they can. */
const WITHOUT_SESSION: Asked = { counting: 'true', shown: 'can_show_two_factors(u)', until: 'NULL' };

const BY_TOKEN = `SELECT s.id AS session_id, s.version, u.id, u.name, u.email, s.scopes, s.reads_only, ${held(IN_SESSION)}
  FROM session s JOIN app_user u ON u.id = s.user_id WHERE s.token_hash = $1 AND ${LIVES('$2')} AND u.deactivated_at IS NULL`;

const BY_ID = `SELECT NULL AS session_id, u.id, u.name, u.email, NULL AS scopes, ${held(WITHOUT_SESSION)} FROM app_user u WHERE u.id = $1 AND u.deactivated_at IS NULL`;

const BY_SESSION = BY_TOKEN.replace('s.token_hash = $1', 's.id = $1');

const slot = <T>(take: (identity: Identity) => T) => new Slot(({ viewer }) => take(viewer as Identity));

/** The version that a session had; none that there is, once a role has ended that was held then. */
const VERSION = new Slot(({ viewer, now }) => {
  const { version, heldUntil } = viewer as Identity;
  return heldUntil !== null && heldUntil <= now.getTime() ? NEVER : version;
});
const NEVER = -1;

/**
 * Whether somebody who was identified earlier still is who they were then. The version of a session moves with whatever its
 * bearer is (migrations/…-session-versions.ts), but not with the instant at which a role of theirs ends, which was known then. Stands in the statement that reads, or right before it, so that a session that was ended or a
 * role that was revoked is gone for the very next read, on every process.
 */
const STILL_THE_SAME: Sql = sql`from session where token_hash = ${slot(({ tokenHash }) => tokenHash)}::bytea
  and version = ${VERSION}::int and ended_at is null and least(expires_at, idle_until) > ${NOW}::timestamptz`;

/** How a statement for a viewer begins: it answers null when they are not (any more) who they were. */
export const TO_VIEWER: Sql = sql`select case when exists (select ${STILL_THE_SAME}) then`;

/** Asked of the primary before a replica is: up to where the viewer has written, or null when they are not who they were. */
export const POSITION: Sql = sql`select (select ${raw(positionOf('session.user_id'))}::text ${STILL_THE_SAME})`;

/** 256 bits, as whoever bears them has them, and as they are kept. */
export const drawToken = (): string => randomBytes(32).toString('base64url');
export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();

/**
 * Who bears this token, with the roles of this very moment: asked of the database each time, so that a session that was
 * ended and a role that was revoked are gone at once, on every process. Null for an unknown, ended or expired one.
 */
export async function identify(app: App, token: string): Promise<Identity | null> {
  const tokenHash = hashToken(token);
  const [found] = await ask<Found>(app, { name: 'identify', text: BY_TOKEN, values: [tokenHash, app.clock()] });
  if (!found) return null;
  const { session_id: sessionId, version, held: roles, held_until: heldUntil, scopes, alone } = found;
  return {
    sessionId: sessionId!,
    tokenHash,
    version,
    actor: actorOf(found),
    held: roles,
    heldUntil,
    scopes,
    alone,
    readsOnly: found.reads_only,
    kind: kindOf(roles, scopes, alone),
  };
}

/**
 * The one who is signed in, as of now: a document may end its own session, and a role may be revoked, between its arrival
 * and its turn. Null when the session has ended meanwhile.
 */
export async function actorStill(askable: Askable, { actor, sessionId }: Context, now: Date): Promise<Actor | null> {
  if (!actor) return null;
  if (sessionId === null) return actorById(askable, actor.id, now);
  const [found] = await askable.query<Found>(BY_SESSION, [sessionId, now]);
  return found ? actorOf(found) : null;
}

/** The user as an actor of now, or null when deactivated: for carrying out what they proposed earlier. */
export async function actorById(askable: Askable, userId: string, now: Date): Promise<Actor | null> {
  const [found] = await askable.query<Found>(BY_ID, [userId, now]);
  return found ? actorOf(found) : null;
}

function actorOf({ id, name, email, held: holding, scopes, alone }: Found): Actor {
  const roles = holding.map(heldRole);
  return { id, name, email, roles: roles.map(({ role }) => role), ability: abilityOf(id, roles, scopes, alone) };
}

/** A row of role_grant as `heldRole` reads it. */
export function heldAs(row: string): string {
  return `${row}.role || ' ' || coalesce(${row}.account_id::text, '') || coalesce(' ' || ${row}.lob_id::text, '')`;
}

/** `client 0190…` → a role, and the account and the LOB that it is bound to. */
export function heldRole(text: string): HeldRole {
  const [role, accountId = '', lobId = null] = text.split(' ');
  return { role: role as RoleName, accountId: accountId === '' ? null : accountId, lobId };
}

const kindOf = (roles: readonly string[], scopes: readonly string[] | null, alone: boolean): string =>
  roles
    .map(heldRole)
    .map(({ role, accountId, lobId }) => `${role}${accountId === null ? '' : '@'}${lobId === null ? '' : '@'}`)
    .join(',') +
  (scopes ? `|${scopes.join()}` : '') +
  (alone ? '!' : '');

/** Any viewer of the same kind: what differs between them are slots, which no decision can look into. */
export function anyOfKind({ held: holding, scopes, alone }: Identity): Pick<Context, 'actor' | 'sessionId'> {
  // Declared as texts, since that is what they are wherever they are used as values.
  const text = (take: (identity: Identity) => unknown) => slot(take) as unknown as string;
  const id = text(({ actor }) => actor.id);
  const roles = holding.map(heldRole).map(({ role, accountId, lobId }, index) => ({
    role,
    accountId: accountId && text((identity) => heldRole(identity.held[index]!).accountId),
    lobId: lobId && text((identity) => heldRole(identity.held[index]!).lobId),
  }));
  return {
    sessionId: text(({ sessionId }) => sessionId),
    actor: {
      id,
      name: text(({ actor }) => actor.name),
      email: text(({ actor }) => actor.email),
      roles: roles.map(({ role }) => role),
      ability: abilityOf(id, roles, scopes, alone),
    },
  };
}
