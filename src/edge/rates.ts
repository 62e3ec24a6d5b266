import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import type { Rates } from '../platform/context';
import { DomainError } from '../platform/errors';
import type { Metrics } from '../platform/metrics';
import { networkOf } from '../platform/network';
import { signInRates } from './sign-in-rates';

/** In seconds. */
const WINDOW = 60;

/**
 * How often somebody may ask. Requests are counted in the memory of a process, since they protect a process: by user, and
 * by address (IPv6: by network).
 */
export function ratesOf(parts: Parameters<typeof signInRates>[0]): Rates & { stop(): void } {
  const { config, metrics } = parts;
  const user = limiter('user', config.ratePerUser, metrics);
  const network = limiter('address', config.ratePerAddress, metrics);
  return { user, address: (ip) => network(networkOf(ip)), ...signInRates(parts) };
}

/**
 * Counts at once and answers by what is known: the library tells of a key that is over its limit a tick later, so that
 * what arrives within that tick passes, and no request waits for a promise.
 */
function limiter(limit: string, points: number, metrics: Metrics): (key: string) => void {
  if (points === 0) return () => undefined;
  const counted = new RateLimiterMemory({ points, duration: WINDOW });
  const blockedUntil = new Map<string, number>();
  const block = (key: string, { msBeforeNext }: RateLimiterRes) => {
    if (blockedUntil.has(key)) return;
    blockedUntil.set(key, Date.now() + msBeforeNext);
    setTimeout(() => blockedUntil.delete(key), msBeforeNext).unref();
  };
  return (key) => {
    const until = blockedUntil.size > 0 ? blockedUntil.get(key) : undefined;
    if (until === undefined) {
      counted.consume(key).catch((over: RateLimiterRes) => block(key, over));
      return;
    }
    metrics.rateLimited.inc({ limit });
    throw tooOften(Math.max(1, Math.ceil((until - Date.now()) / 1000)));
  };
}

/** One refusal for each number of seconds that it may tell: an error with its stack costs more than all the rest of refusing. */
const refusals = new Map<number, DomainError>();

function tooOften(retryAfterSeconds: number): DomainError {
  const known = refusals.get(retryAfterSeconds);
  if (known) return known;
  const made = new DomainError('RATE_LIMITED', 'You ask too often; try again later.', { retryAfterSeconds });
  refusals.set(retryAfterSeconds, made);
  return made;
}
