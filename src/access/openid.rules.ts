import type { JWTPayload } from 'jose';
import type { OpenIdSettings, Strength } from '../platform/openid-settings';

/** Public-key signatures alone: with none, or with a secret that both sides know, anybody who may check a token could write one. */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/** Of RFC 9068 and of issuers before it. One that names no type is taken; one of another kind (`logout+jwt`) is none to sign in with. */
const TYPES = new Set(['at+jwt', 'jwt']);

export const isTypeOfToken = (typ: string | undefined): boolean =>
  typ === undefined || TYPES.has(typ.toLowerCase().replace(/^application\//, ''));

/** What a token says of its bearer, once it was checked. */
export interface Asserted {
  /** Issuer and subject, as app_user.oidc_subject has them. */
  readonly subject: string;
  /** In lower case; null unless the issuer says that it was verified. */
  readonly email: string | null;
  readonly expiresAt: Date;
  /** The roles that count; null: all that are granted. */
  readonly roles: string[] | null;
  /** Until when it counts that they showed two factors to the issuer; null: it tells of no such thing. */
  readonly strongUntil: Date | null;
  /** Scopes without which nobody is let in, and which it does not have. */
  readonly lacks: string[];
  /** It lacks a scope for anything but reading. */
  readonly readsOnly: boolean;
}

export const subjectOf = (issuer: string, subject: string): string => `${issuer} ${subject}`;

/** From the claims of a token whose signature, issuer, audience and times were checked. */
export function assertedBy(claims: JWTPayload, settings: OpenIdSettings, now: Date): Asserted | null {
  const { sub, exp, email, email_verified: verified } = claims;
  if (!sub || sub.length > 255 || exp === undefined) return null;
  const lacked = (scopes: readonly string[]) => scopes.filter((each) => !scopesOf(claims).includes(each));
  return {
    subject: subjectOf(settings.issuer, sub),
    email: verified === true && typeof email === 'string' ? email.trim().toLowerCase() : null,
    expiresAt: new Date((exp + settings.clockSkewSeconds) * 1000),
    roles: settings.rolesClaim === null ? null : rolesIn(claims[settings.rolesClaim], settings.roles),
    strongUntil: strongUntil(claims, settings, now),
    lacks: lacked(settings.scopes),
    readsOnly: lacked(settings.writeScopes).length > 0,
  };
}

/**
 * Of a token that tells less than all of it, or tells it in another form, one factor is taken for granted and no more (ASVS 5.0, 6.8.4). When its bearer was
 * asked has to be told as well: a strength without an instant would count for good.
 */
function strongUntil(claims: JWTPayload, { strength, clockSkewSeconds }: OpenIdSettings, now: Date): Date | null {
  const { auth_time: shownAt } = claims;
  const present = now.getTime() / 1000;
  if (!strength || !isStrong(claims, strength) || typeof shownAt !== 'number') return null;
  if (shownAt > present + clockSkewSeconds) return null;
  const until = Math.min(shownAt, present) + strength.maxAgeSeconds;
  return until > present ? new Date(until * 1000) : null;
}

function isStrong({ acr, amr }: JWTPayload, strength: Strength): boolean {
  const methods: unknown[] = Array.isArray(amr) ? amr : [];
  return (
    (strength.acr.length === 0 || (typeof acr === 'string' && strength.acr.includes(acr))) &&
    (strength.amr.length === 0 || strength.amr.some((all) => all.every((each) => methods.includes(each))))
  );
}

/** A text with spaces, as RFC 9068 has `scope`, or a list of texts; some issuers call it `scp`. */
const scopesOf = ({ scope, scp }: JWTPayload): string[] => [...textsIn(scope), ...textsIn(scp)];

function textsIn(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter((each) => typeof each === 'string') : [];
}

/** Values that nobody mapped to a role give none. */
function rolesIn(claimed: unknown, mapped: ReadonlyMap<string, string>): string[] {
  const roles = textsIn(claimed).flatMap((value) => mapped.get(value) ?? []);
  return [...new Set(roles)].toSorted();
}
