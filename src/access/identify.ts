import { createHash } from 'node:crypto';
import type { Actor, App, Context } from '../platform/context';
import { asRefusal } from '../platform/transaction';
import { abilityOf, type HeldRole } from './permissions';

/** The bearer of a session's token. */
export interface Identity {
  sessionId: string;
  actor: Actor;
}

interface Found {
  session_id: string | null;
  id: string;
  name: string;
  email: string;
  held: HeldRole[];
}

/** Somebody whose password another one chose holds nothing yet: they must have shown up and made it their own. */
const HELD = `coalesce((SELECT json_agg(json_build_object('role', g.role, 'accountId', g.account_id) ORDER BY g.role)
  FROM role_grant g WHERE g.user_id = u.id AND g.revoked_at IS NULL AND u.password_set_by_id IS NULL), '[]'::json) AS held`;

const BY_TOKEN = `SELECT s.id AS session_id, u.id, u.name, u.email, ${HELD}
  FROM session s JOIN app_user u ON u.id = s.user_id
  WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND u.deactivated_at IS NULL`;

const BY_ID = `SELECT NULL AS session_id, u.id, u.name, u.email, ${HELD} FROM app_user u WHERE u.id = $1 AND u.deactivated_at IS NULL`;

const BY_SESSION = BY_TOKEN.replace('s.token_hash = $1', 's.id = $1');

export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();

/**
 * Who bears this token, with the roles of this very moment: asked of the database each time, so that a session that was
 * ended and a role that was revoked are gone at once, on every process. Null for an unknown, ended or expired one.
 */
export async function identify(app: App, token: string): Promise<Identity | null> {
  const values = [hashToken(token), app.clock()];
  const [found] = await ask<Found>(app, { name: 'identify', text: BY_TOKEN, values });
  return found ? { sessionId: found.session_id!, actor: actorOf(found) } : null;
}

/** Whatever can be asked: a transaction, or the pool. */
interface Askable {
  query<R>(text: string, values: unknown[]): Promise<R[]>;
}

/** The pool, for what needs no transaction. */
export const pooled = (app: App): Askable => ({ query: (text, values) => ask(app, { text, values }) });

/**
 * The one who is signed in, as of now: a document may end its own session, and a role may be revoked, between its arrival
 * and its turn. Null when the session has ended meanwhile.
 */
export async function actorStill(askable: Askable, { actor, sessionId }: Context, now: Date): Promise<Actor | null> {
  if (!actor) return null;
  if (sessionId === null) return actorById(askable, actor.id);
  const [found] = await askable.query<Found>(BY_SESSION, [sessionId, now]);
  return found ? actorOf(found) : null;
}

/** The user as an actor of now, or null when deactivated: for carrying out what they proposed earlier. */
export async function actorById(askable: Askable, userId: string): Promise<Actor | null> {
  const [found] = await askable.query<Found>(BY_ID, [userId]);
  return found ? actorOf(found) : null;
}

async function ask<R>(app: App, query: { name?: string; text: string; values: unknown[] }): Promise<R[]> {
  try {
    return (await app.database.pool.query(query)).rows as R[];
  } catch (error) {
    throw asRefusal(error);
  }
}

const actorOf = ({ id, name, email, held }: Found): Actor => ({
  id,
  name,
  email,
  roles: held.map(({ role }) => role),
  ability: abilityOf(id, held),
});
