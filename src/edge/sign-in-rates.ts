import { RateLimiterMemory, RateLimiterPostgres } from 'rate-limiter-flexible';
import { toldAlready } from '../audit/record';
import { keyedDigest } from '../platform/canonical';
import type { App, Rates } from '../platform/context';
import { DomainError } from '../platform/errors';
import { networkOf } from '../platform/network';

/** In seconds: 15 minutes. */
const WINDOW = 900;

/** How often what is long over is forgotten, in ms. */
const TIDY = 600_000;

type Parts = Pick<App, 'config' | 'database' | 'keys' | 'log' | 'metrics'>;

/**
 * Tries to sign in that fail are counted in the database, for all processes: those for one e-mail from one address, and
 * those from one address. Neither tells whether somebody has that e-mail. While the database cannot be asked, each
 * process counts for itself.
 */
export function signInRates({ config, database, keys, log, metrics }: Parts): {
  signIn: Rates['signIn'];
  stop(): void;
} {
  const limiter = (keyPrefix: string, points: number) =>
    new RateLimiterPostgres({
      storeClient: database.pool,
      storeType: 'pool',
      tableName: 'sign_in_tries',
      tableCreated: true,
      clearExpiredByTimeout: false,
      keyPrefix,
      points,
      duration: WINDOW,
      insuranceLimiter: new RateLimiterMemory({ keyPrefix, points, duration: WINDOW }),
    });
  const ofPair = limiter('pair', config.signInTries);
  const ofAddress = limiter('address', config.signInTriesPerAddress);

  /** Refuses whoever has no try left. The first refusal of a window is one more point, and an event of the trail. */
  async function assertBelow(counted: RateLimiterPostgres, key: string): Promise<void> {
    const now = await counted.get(key);
    if (!now || now.consumedPoints < counted.points) return;
    const first =
      now.consumedPoints === counted.points && (await counted.penalty(key)).consumedPoints === counted.points + 1;
    metrics.rateLimited.inc({ limit: `sign-in ${counted.keyPrefix}` });
    const refusal = new DomainError('RATE_LIMITED', 'Signing in failed too often; try again later.', {
      retryAfterSeconds: Math.max(1, Math.ceil(now.msBeforeNext / 1000)),
    });
    if (!first) toldAlready(refusal);
    throw refusal;
  }

  const tidy = setInterval(
    () =>
      database.pool
        .query('SELECT forget_sign_in_tries()')
        .catch((error: unknown) => log.warn({ err: error }, 'old tries to sign in are not forgotten')),
    TIDY,
  ).unref();

  return {
    signIn(email, address) {
      const network = address === null ? 'nowhere' : networkOf(address);
      const pair = keyedDigest(keys.digest, { signIn: { network, email } });
      return {
        async assertAllowed() {
          await assertBelow(ofAddress, network);
          await assertBelow(ofPair, pair);
        },
        async failed() {
          await Promise.all([ofAddress.penalty(network), ofPair.penalty(pair)]);
        },
        async succeeded() {
          await ofPair.set(pair, 0, WINDOW);
        },
      };
    },
    stop: () => clearInterval(tidy),
  };
}
