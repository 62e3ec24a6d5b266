import { createHash } from 'node:crypto';
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
  /** Each role held, with its account and LOB: `client 0190…`, `supervisor 0190… 0191…`, `auditor `. Sorted. */
  readonly held: readonly string[];
  /** The first instant at which one of them is held no more, in ms; null: none ends by itself. */
  readonly heldUntil: number | null;
  /** Viewers of one kind differ in their ids alone: the roles, and which of them are bound to an account, or to a LOB of it. */
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
}

/** Somebody whose password another one chose holds nothing yet: they must have shown up and made it their own. */
const COUNTS = `g.user_id = u.id AND g.revoked_at IS NULL AND (g.ends_at IS NULL OR g.ends_at > $2) AND u.password_set_by_id IS NULL`;
const HELD = `array(SELECT ${heldAs('g')} FROM role_grant g WHERE ${COUNTS} ORDER BY 1) AS held,
  (SELECT extract(epoch FROM min(g.ends_at))::float8 * 1000 FROM role_grant g WHERE ${COUNTS}) AS held_until`;

const BY_TOKEN = `SELECT s.id AS session_id, s.version, u.id, u.name, u.email, ${HELD} FROM session s JOIN app_user u ON u.id = s.user_id
  WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND u.deactivated_at IS NULL`;

const BY_ID = `SELECT NULL AS session_id, u.id, u.name, u.email, ${HELD} FROM app_user u WHERE u.id = $1 AND u.deactivated_at IS NULL`;

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
  and version = ${VERSION}::int and ended_at is null and expires_at > ${NOW}::timestamptz`;

/** How a statement for a viewer begins: it answers null when they are not (any more) who they were. */
export const TO_VIEWER: Sql = sql`select case when exists (select ${STILL_THE_SAME}) then`;

/** Asked of the primary before a replica is: up to where the viewer has written, or null when they are not who they were. */
export const POSITION: Sql = sql`select (select ${raw(positionOf('session.user_id'))}::text ${STILL_THE_SAME})`;

export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();

/**
 * Who bears this token, with the roles of this very moment: asked of the database each time, so that a session that was
 * ended and a role that was revoked are gone at once, on every process. Null for an unknown, ended or expired one.
 */
export async function identify(app: App, token: string): Promise<Identity | null> {
  const tokenHash = hashToken(token);
  const [found] = await ask<Found>(app, { name: 'identify', text: BY_TOKEN, values: [tokenHash, app.clock()] });
  if (!found) return null;
  const { session_id: sessionId, version, held, held_until: heldUntil } = found;
  return { sessionId: sessionId!, tokenHash, version, actor: actorOf(found), held, heldUntil, kind: kindOf(held) };
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

function actorOf({ id, name, email, held }: Found): Actor {
  const roles = held.map(heldRole);
  return { id, name, email, roles: roles.map(({ role }) => role), ability: abilityOf(id, roles) };
}

/** A row of role_grant as `heldRole` reads it. */
export function heldAs(row: string): string {
  return `${row}.role || ' ' || coalesce(${row}.account_id::text, '') || coalesce(' ' || ${row}.lob_id::text, '')`;
}

/** `client 0190…` → a role, and the account and the LOB that it is bound to. */
export function heldRole(held: string): HeldRole {
  const [role, accountId = '', lobId = null] = held.split(' ');
  return { role: role as RoleName, accountId: accountId === '' ? null : accountId, lobId };
}

const kindOf = (held: readonly string[]): string =>
  held
    .map(heldRole)
    .map(({ role, accountId, lobId }) => `${role}${accountId === null ? '' : '@'}${lobId === null ? '' : '@'}`)
    .join(',');

/** Any viewer of the same kind: what differs between them are slots, which no decision can look into. */
export function anyOfKind({ held }: Identity): Pick<Context, 'actor' | 'sessionId'> {
  // Declared as texts, since that is what they are wherever they are used as values.
  const text = (take: (identity: Identity) => unknown) => slot(take) as unknown as string;
  const id = text(({ actor }) => actor.id);
  const roles = held.map(heldRole).map(({ role, accountId, lobId }, index) => ({
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
      ability: abilityOf(id, roles),
    },
  };
}
