import type { JWTPayload } from 'jose';
import type { OpenIdSettings } from '../platform/openid-settings';

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
}

export const subjectOf = (issuer: string, subject: string): string => `${issuer} ${subject}`;

/** From the claims of a token whose signature, issuer, audience and times were checked. */
export function assertedBy(claims: JWTPayload, settings: OpenIdSettings): Asserted | null {
  const { sub, exp, email, email_verified: verified } = claims;
  if (!sub || sub.length > 255 || exp === undefined) return null;
  return {
    subject: subjectOf(settings.issuer, sub),
    email: verified === true && typeof email === 'string' ? email.trim().toLowerCase() : null,
    expiresAt: new Date((exp + settings.clockSkewSeconds) * 1000),
    roles: settings.rolesClaim === null ? null : rolesIn(claims[settings.rolesClaim], settings.roles),
  };
}

/** Values that nobody mapped to a role give none. */
function rolesIn(claimed: unknown, mapped: ReadonlyMap<string, string>): string[] {
  const values = typeof claimed === 'string' ? claimed.split(' ') : Array.isArray(claimed) ? claimed : [];
  const roles = values.flatMap((value) => (typeof value === 'string' ? (mapped.get(value) ?? []) : []));
  return [...new Set(roles)].toSorted();
}
