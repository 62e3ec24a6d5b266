import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { App, Assertions } from '../platform/context';
import { DAY, MINUTE } from '../platform/durations';
import type { OpenIdSettings } from '../platform/openid-settings';
import { ALGORITHMS, type Asserted, assertedBy, isTypeOfToken } from './openid.rules';

/** In ms: when keys are asked for anew, how long they serve while the issuer does not answer, and how often a key that nobody knows may have us ask. */
const FRESH = 10 * MINUTE;
const STALE = DAY;
const COOLDOWN = MINUTE / 2;

/** In ms, and in characters: what is waited for and read of an issuer. */
const PATIENCE = 5_000;
const LONGEST = 256 * 1024;

interface Known {
  readonly find: JWTVerifyGetKey;
  readonly since: number;
}

/** Checks tokens of the issuer that is configured, by the keys that it publishes. They are remembered, and serve while it does not answer. */
export class Issuer implements Assertions {
  private known: Known | null = null;
  private asking: Promise<boolean> | null = null;
  private askedAgain = -Infinity;

  constructor(
    private readonly settings: OpenIdSettings,
    private readonly app: Pick<App, 'clock' | 'log'> & { config: Pick<App['config'], 'production'> },
  ) {}

  /** What a token says; null where anything of it does not hold. */
  async verify(token: string): Promise<Asserted | null> {
    const { issuer, audience, clockSkewSeconds: clockTolerance } = this.settings;
    try {
      const { payload, protectedHeader } = await jwtVerify(token, this.find, {
        issuer,
        audience,
        clockTolerance,
        algorithms: ALGORITHMS,
        currentDate: this.app.clock(),
        requiredClaims: ['sub', 'exp', 'iat'],
        // Has it look at `iat`, too. No session lasts longer.
        maxTokenAge: '24h',
      });
      return isTypeOfToken(protectedHeader.typ) ? assertedBy(payload, this.settings, this.app.clock()) : null;
    } catch (error) {
      this.app.log.info({ why: error instanceof errors.JOSEError ? error.code : String(error) }, 'a token was refused');
      return null;
    }
  }

  private readonly find: JWTVerifyGetKey = async (header, token) => {
    const known = await this.current();
    try {
      return await known.find(header, token);
    } catch (error) {
      const unknown = error instanceof errors.JWKSNoMatchingKey;
      if (!unknown || !(await this.againIfDue())) throw error;
      return this.known!.find(header, token);
    }
  };

  private async current(): Promise<Known> {
    const age = this.known ? this.now - this.known.since : Infinity;
    if (age > STALE) await this.ask();
    else if (age > FRESH) void this.againIfDue();
    if (!this.known || this.now - this.known.since > STALE) throw new Error('the issuer has told no keys');
    return this.known;
  }

  /** Whether there are newer keys now. */
  private againIfDue(): Promise<boolean> {
    if (this.asking) return this.asking;
    if (Math.abs(this.now - this.askedAgain) < COOLDOWN) return Promise.resolve(false);
    this.askedAgain = this.now;
    return this.ask();
  }

  private ask(): Promise<boolean> {
    this.asking ??= this.fetchKeys()
      .then(
        (jwks) => {
          this.known = { find: createLocalJWKSet(jwks), since: this.now };
          return true;
        },
        (error: unknown) => {
          this.app.log.warn({ err: error }, 'the issuer did not tell its keys');
          return false;
        },
      )
      .finally(() => (this.asking = null));
    return this.asking;
  }

  /** The address of the keys is the issuer's to say, in its own name. */
  private async fetchKeys(): Promise<JSONWebKeySet> {
    const { issuer } = this.settings;
    const told = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const address = String(told.jwks_uri);
    if (told.issuer !== issuer) throw new Error('the issuer goes by another name');
    if (this.app.config.production && !address.startsWith('https:')) throw new Error('keys are not read without TLS');
    return (await fetchJson(address)) as unknown as JSONWebKeySet;
  }

  private get now(): number {
    return this.app.clock().getTime();
  }
}

async function fetchJson(address: string): Promise<Record<string, unknown>> {
  const answer = await fetch(address, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  if (Number(answer.headers.get('content-length') ?? 0) > LONGEST) throw new Error(`${address} answered too much`);
  const text = await answer.text();
  if (text.length > LONGEST) throw new Error(`${address} answered too much`);
  return JSON.parse(text) as Record<string, unknown>;
}
