import { createHash } from 'node:crypto';
import { DAY, HOUR } from '../platform/durations';
import { refuse } from '../platform/errors';

/** What a key may read. */
const READS = [
  'account',
  'lob',
  'agent',
  'assignment',
  'invoice',
  'dispute',
  'complaint',
  'changeRequest',
  'exchangeRate',
  'user',
  'webhook',
  'webhookDelivery',
  'auditEvent',
  'auditCheckpoint',
].map((type) => `${type}.read`);

/** What a key may do: the daily work of systems. Nothing that decides, reveals, erases, lets somebody in, or says who may. */
const WRITES = [
  'lob.open',
  'agent.hire',
  'agent.assign',
  'agent.transfer',
  'assignment.end',
  'invoice.draft',
  'invoice.issue',
  'dispute.open',
  'dispute.withdraw',
  'complaint.file',
  'complaint.acknowledge',
  'complaint.resolve',
];

export const SCOPES: readonly string[] = [...READS, ...WRITES];

/** In days. */
export const USUAL_LIFE = 90;
export const LONGEST_LIFE = 365;

/** In hours: how long a key and the one that replaces it both work. */
export const USUAL_OVERLAP = 24;
export const LONGEST_OVERLAP = 7 * 24;

export const expiryOf = (now: Date, days: number): Date => new Date(now.getTime() + days * DAY);

/** When a key ends that was replaced: sooner than it was to, never later. */
export const endOfOverlap = (now: Date, hours: number, expiresAt: Date): Date =>
  new Date(Math.min(expiresAt.getTime(), now.getTime() + hours * HOUR));

/** Refuses with API_KEY_NOT_USABLE what was revoked or is over. */
export function assertUsable({ revokedAt, expiresAt }: { revokedAt: Date | null; expiresAt: Date }, now: Date): void {
  if (revokedAt) refuse('API_KEY_NOT_USABLE', 'This key is revoked.');
  if (expiresAt <= now) refuse('API_KEY_NOT_USABLE', 'This key has expired.');
}

/** Letters and digits alone: a double click takes a whole secret, and no form of it has to be escaped. */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function inAlphabet(bytes: Uint8Array, length: number): string {
  let number = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (; number > 0n; number /= 62n) text = ALPHABET[Number(number % 62n)] + text;
  return text.padStart(length, '0');
}

/** Of 256 bits. */
const LENGTH = 43;
const CHECKSUM = 6;
/** Characters that are shown of a secret: its beginning, and four that tell keys apart. */
const SHOWN = 12;

/** Not against forgery, which 256 bits are: who finds such a text can tell without asking anybody whether it could be a key, and so can we. */
const checksumOf = (text: string): string =>
  inAlphabet(createHash('sha256').update(text).digest().subarray(0, 4), CHECKSUM);

/** The secret of a key from 32 random bytes: `cs_live_`, 43 characters, and 6 that follow from them. */
export function secretFrom(bytes: Uint8Array, production: boolean): string {
  const text = `${production ? 'cs_live_' : 'cs_test_'}${inAlphabet(bytes, LENGTH)}`;
  return text + checksumOf(text);
}

export const prefixOf = (secret: string): string => secret.slice(0, SHOWN);

const FORM = /^cs_(live|test)_[0-9A-Za-z]{49}$/;

/** Whether a bearer's token has the form of a key. */
export const isKey = (token: string): boolean => token.startsWith('cs_');

/** Whether such a text was made by us, as far as that can be told without asking. */
export const couldBeKey = (token: string): boolean =>
  FORM.test(token) && checksumOf(token.slice(0, -CHECKSUM)) === token.slice(-CHECKSUM);
