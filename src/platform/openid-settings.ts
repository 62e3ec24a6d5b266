import { z } from 'zod';

/** An issuer of tokens that are let in: see docs/ACCESS.md. */
export interface OpenIdSettings {
  readonly issuer: string;
  /** What a token must be meant for. */
  readonly audience: string;
  /** By how much its clock and ours may differ. */
  readonly clockSkewSeconds: number;
  /** The claim that says which of the granted roles count; null: all of them. */
  readonly rolesClaim: string | null;
  /** Value of that claim → role. */
  readonly roles: ReadonlyMap<string, string>;
}

/** `finance=billing,leads=supervisor` */
const areRoles = (text: string): boolean => text.split(',').every((each) => /^\s*[^=\s]+=[a-z]+\s*$/.test(each));

export const openIdEnvironment = {
  OIDC_ISSUER: z.url({ protocol: /^https?$/ }).optional(),
  OIDC_AUDIENCE: z.string().min(1).optional(),
  OIDC_CLOCK_SKEW_SECONDS: z.coerce.number().int().min(0).max(300).default(60),
  OIDC_ROLES_CLAIM: z.string().min(1).optional(),
  OIDC_ROLES: z.string().refine(areRoles).optional(),
};

const schema = z.object(openIdEnvironment);

/** Null where no issuer is set; a text says what is wrong. */
export function openIdIn(settings: z.infer<typeof schema>, production: boolean): OpenIdSettings | string | null {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_ROLES_CLAIM: claim, OIDC_ROLES: roles } = settings;
  if (Boolean(issuer) !== Boolean(audience)) return 'OIDC_ISSUER and OIDC_AUDIENCE are set together.';
  if (Boolean(claim) !== Boolean(roles)) return 'OIDC_ROLES_CLAIM and OIDC_ROLES are set together.';
  if (!issuer || !audience) return claim ? 'OIDC_ROLES needs an OIDC_ISSUER.' : null;
  if (production && !issuer.startsWith('https:')) return 'OIDC_ISSUER is reached over https in production.';
  const pairs = (roles ?? '').split(',').map((each) => each.trim().split('=') as [string, string]);
  return Object.freeze({
    issuer,
    audience,
    clockSkewSeconds: settings.OIDC_CLOCK_SKEW_SECONDS,
    rolesClaim: claim ?? null,
    roles: new Map(claim ? pairs : []),
  });
}
