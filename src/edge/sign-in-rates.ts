import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { toldAlready } from '../audit/record';
import { keyedDigest } from '../platform/canonical';
import type { App, Rates } from '../platform/context';
import { DomainError } from '../platform/errors';
import { networkOf } from '../platform/network';

/** In seconds: how long nobody gets in any more after too many tries that failed. */
const LOCKED = 1800;

/** In seconds: how long a failed try is held against whom it was made for, unless one succeeds. So nobody gets more by being slow. */
const REMEMBERED = 86_400;

/** In seconds: how long a place where somebody signed in is known for theirs. */
const KNOWN = 90 * 86_400;

/** How often what is long over is forgotten, in ms. */
const TIDY = 600_000;

type Parts = Pick<App, 'config' | 'database' | 'keys' | 'log' | 'metrics'>;

/**
 * Tries to sign in are counted in the database, for all processes, before they are made, and given back where they did not fail: so many at once are counted
 * as exactly as one after another. They are counted by network, and by e-mail address: those from a place where somebody signed in before by themselves, all
 * others together. So nobody can guess more often by coming from many places, and nobody can lock another out of the places that are theirs.
 * Neither tells whether somebody has that address. While the database cannot be asked, each process counts for itself. See docs/ACCESS.md.
 */
export function signInRates({ config, database, keys, log, metrics }: Parts): {
  signIn: Rates['signIn'];
  stop(): void;
} {
  const table = (tableName: string, keyPrefix: string, points: number, duration: number) => {
    const counted = { keyPrefix, points, duration, blockDuration: LOCKED };
    return new RateLimiterPostgres({
      storeClient: database.pool,
      storeType: 'pool',
      tableName,
      tableCreated: true,
      clearExpiredByTimeout: false,
      ...counted,
      insuranceLimiter: new RateLimiterMemory(counted),
    });
  };
  const ofPlace = table('sign_in_tries', 'place', config.signInTries, REMEMBERED);
  const ofAnybody = table('sign_in_tries', 'anybody', config.signInTries, REMEMBERED);
  const ofNetwork = table('sign_in_tries', 'address', config.signInTriesPerAddress, LOCKED);
  const places = table('sign_in_places', 'known', 1, KNOWN);

  const refusal = (limit: string, { msBeforeNext }: RateLimiterRes) => {
    metrics.rateLimited.inc({ limit: `sign-in ${limit}` });
    return new DomainError('RATE_LIMITED', 'Signing in failed too often; try again later.', {
      retryAfterSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
    });
  };

  /** Refuses whoever is locked out. Asks only: costs no try. */
  async function assertOpen(counted: RateLimiterPostgres, key: string): Promise<void> {
    const now = await counted.get(key);
    if (now && now.consumedPoints > counted.points) throw toldBefore(refusal(counted.keyPrefix, now));
  }

  /** Takes a try, or refuses. The first refusal begins the lock, and is an event of the trail; those that follow are not. */
  async function take(counted: RateLimiterPostgres, key: string): Promise<void> {
    try {
      await counted.consume(key);
    } catch (over) {
      if (!(over instanceof RateLimiterRes)) throw over;
      const refused = refusal(counted.keyPrefix, over);
      throw over.consumedPoints === counted.points + 1 ? refused : toldBefore(refused);
    }
  }

  const tidy = setInterval(
    () =>
      database.pool
        .query('SELECT forget_sign_in_tries(), forget_sign_in_places()')
        .catch((error: unknown) => log.warn({ err: error }, 'old tries to sign in are not forgotten')),
    TIDY,
  ).unref();

  return {
    signIn(email, address) {
      const network = address === null ? 'nowhere' : networkOf(address);
      const place = keyedDigest(keys.digest, { signIn: { network, email } });
      const anybody = keyedDigest(keys.digest, { signIn: { email } });
      const own = async () =>
        (await places.get(place)) ? ([ofPlace, place] as const) : ([ofAnybody, anybody] as const);
      let taken: Awaited<ReturnType<typeof own>> | null = null;
      return {
        async assertAllowed() {
          await assertOpen(ofNetwork, network);
          await assertOpen(...(await own()));
        },
        async begin() {
          const which = await own();
          await take(ofNetwork, network);
          await take(...which).catch(async (error: unknown) => {
            await ofNetwork.reward(network);
            throw error;
          });
          taken = which;
        },
        async succeeded() {
          const spent = taken;
          taken = null;
          await places.set(place, 1, KNOWN);
          if (spent) await Promise.all([ofNetwork.reward(network), spent[0].set(spent[1], 0, REMEMBERED)]);
        },
        async undone() {
          if (!taken) return;
          await Promise.all([ofNetwork.reward(network), taken[0].reward(taken[1])]);
          taken = null;
        },
      };
    },
    stop: () => clearInterval(tidy),
  };
}

const toldBefore = (error: DomainError): DomainError => {
  toldAlready(error);
  return error;
};
