import { createHmac } from 'node:crypto';
import { pauseAfterFaults } from '../platform/pauses';

/** So often a message is tried before it is given up. */
export const TRIES = 12;

/** In ms. */
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 3_600_000;

/** In ms: how long after the failed try of that number the next one comes. `chance`, from 0 to 1, spreads those that failed together. */
export const pauseAfter = (attempts: number, chance: number): number =>
  Math.round(pauseAfterFaults(attempts, FIRST_PAUSE, LONGEST_PAUSE) * (0.8 + 0.4 * chance));

/** What secrets begin with, so that they are found where they should not be. */
const PREFIX = 'whsec_';

/** A secret from 32 random bytes, as Standard Webhooks writes them. */
export const secretOf = (bytes: Buffer): string => PREFIX + bytes.toString('base64');

/** What a message goes out with: https://www.standardwebhooks.com. `now` is when it is sent, `id` the same with each try. */
export function headersOf(secret: string, id: string, body: string, now: Date): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'content-type': 'application/json',
    'user-agent': 'countersign',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}
