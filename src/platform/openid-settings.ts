import { z } from 'zod';
import { listIn } from './settings-text';

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
  /** What a token must tell to have shown two factors; null: none does. */
  readonly strength: Strength | null;
  /** Without these a token is refused, and without those it may read alone. */
  readonly scopes: readonly string[];
  readonly writeScopes: readonly string[];
  /** Whether a verified address makes somebody known who was linked to no subject yet. */
  readonly linksByEmail: boolean;
}

/** Of what is set both hold: who leaves one claim out gains nothing. */
export interface Strength {
  /** One of these `acr` (OpenID Connect Core, 2); empty: whichever. */
  readonly acr: readonly string[];
  /** All of one of these sets of `amr` (RFC 8176); empty: whichever. */
  readonly amr: readonly (readonly string[])[];
  /** How long after `auth_time` that counts. */
  readonly maxAgeSeconds: number;
}

/** `finance=billing,leads=supervisor` */
const areRoles = (text: string): boolean => text.split(',').every((each) => /^\s*[^=\s]+=[a-z]+\s*$/.test(each));

/** `mfa,pwd+otp`: what stands between plus signs belongs together. */
const areMethods = (text: string): boolean => listIn(text).every((each) => /^[^\s+]+(\+[^\s+]+)*$/.test(each));

/** By spaces, as in a token (RFC 6749, 3.3). */
const scopesIn = (text: string | undefined): string[] => text?.trim().split(/\s+/) ?? [];
const scopeText = z
  .string()
  .regex(/^\s*[\x21\x23-\x5B\x5D-\x7E]+(\s+[\x21\x23-\x5B\x5D-\x7E]+)*\s*$/)
  .optional();

/** A working day, as long as any session lasts. */
const MAX_AGE_SECONDS = 43_200;

export const openIdEnvironment = {
  OIDC_ISSUER: z.url({ protocol: /^https?$/ }).optional(),
  OIDC_AUDIENCE: z.string().min(1).optional(),
  OIDC_CLOCK_SKEW_SECONDS: z.coerce.number().int().min(0).max(300).default(60),
  OIDC_ROLES_CLAIM: z.string().min(1).optional(),
  OIDC_ROLES: z.string().refine(areRoles).optional(),
  OIDC_ACR: z
    .string()
    .refine((text) => listIn(text).every((each) => /^\S+$/.test(each)))
    .optional(),
  OIDC_AMR: z.string().refine(areMethods).optional(),
  OIDC_MAX_AGE_SECONDS: z.coerce.number().int().min(60).max(86_400).optional(),
  OIDC_SCOPE: scopeText,
  OIDC_WRITE_SCOPE: scopeText,
  OIDC_LINK_BY_EMAIL: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .default(false),
};

const schema = z.object(openIdEnvironment);

/** Null where no issuer is set; a text says what is wrong. */
export function openIdIn(settings: z.infer<typeof schema>, production: boolean): OpenIdSettings | string | null {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_ROLES_CLAIM: claim, OIDC_ROLES: roles } = settings;
  if (Boolean(issuer) !== Boolean(audience)) return 'OIDC_ISSUER and OIDC_AUDIENCE are set together.';
  if (Boolean(claim) !== Boolean(roles)) return 'OIDC_ROLES_CLAIM and OIDC_ROLES are set together.';
  const lost = NEED_AN_ISSUER.find((name) => settings[name]);
  if (!issuer || !audience) return lost ? `${lost} needs an OIDC_ISSUER.` : null;
  if (production && !issuer.startsWith('https:')) return 'OIDC_ISSUER is reached over https in production.';
  const strength = strengthIn(settings);
  if (!strength && settings.OIDC_MAX_AGE_SECONDS) return 'OIDC_MAX_AGE_SECONDS needs OIDC_ACR or OIDC_AMR.';
  const pairs = listIn(roles ?? '').map((each) => each.split('=') as [string, string]);
  return Object.freeze({
    issuer,
    audience,
    clockSkewSeconds: settings.OIDC_CLOCK_SKEW_SECONDS,
    rolesClaim: claim ?? null,
    roles: new Map(claim ? pairs : []),
    strength,
    scopes: scopesIn(settings.OIDC_SCOPE),
    writeScopes: scopesIn(settings.OIDC_WRITE_SCOPE),
    linksByEmail: settings.OIDC_LINK_BY_EMAIL,
  });
}

/** Nobody thinks that what they set is in force where it is not. */
const NEED_AN_ISSUER = [
  'OIDC_ROLES',
  'OIDC_ACR',
  'OIDC_AMR',
  'OIDC_MAX_AGE_SECONDS',
  'OIDC_SCOPE',
  'OIDC_WRITE_SCOPE',
  'OIDC_LINK_BY_EMAIL',
] as const;

/** Nothing is taken for two factors unless somebody said what is: what a value of `acr` means is each issuer’s own. */
function strengthIn({ OIDC_ACR, OIDC_AMR, OIDC_MAX_AGE_SECONDS }: z.infer<typeof schema>): Strength | null {
  if (!OIDC_ACR && !OIDC_AMR) return null;
  return {
    acr: OIDC_ACR ? listIn(OIDC_ACR) : [],
    amr: OIDC_AMR ? listIn(OIDC_AMR).map((each) => each.split('+')) : [],
    maxAgeSeconds: OIDC_MAX_AGE_SECONDS ?? MAX_AGE_SECONDS,
  };
}
