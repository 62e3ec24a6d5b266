import { v5 } from 'uuid';
import { addDays } from '../platform/business-time';

/** So many events of a day that are alike in what a review looks at. */
export interface Tally {
  readonly action: string;
  readonly outcome: 'DONE' | 'REFUSED' | 'FAILED';
  /** Of what was refused or failed. */
  readonly code: string | null;
  /** Whether it was between 20:00 and 07:00 where the firm is. */
  readonly night: boolean;
  readonly count: number;
  /** Those of them that have no place in the sealed tree. */
  readonly unsealed: number;
}

interface Matter {
  /** As the review names it. */
  readonly name: string;
  /** More of them than that in a day are worth a look. */
  readonly beyond: number;
  readonly of: (tally: Tally) => number;
}

const done =
  (...actions: string[]) =>
  ({ action, outcome, count }: Tally): number =>
    outcome === 'DONE' && actions.includes(action) ? count : 0;

const refused =
  (...actions: string[]) =>
  ({ action, outcome, count }: Tally): number =>
    outcome === 'REFUSED' && actions.includes(action) ? count : 0;

/** What a day is looked through for, in the order in which it is told. */
const MATTERS: readonly Matter[] = [
  { name: 'signInsRefused', beyond: 20, of: refused('session.open') },
  {
    name: 'lockouts',
    beyond: 0,
    of: (tally) => (tally.code === 'RATE_LIMITED' ? refused('session.open')(tally) : 0),
  },
  { name: 'secondFactorsRemoved', beyond: 0, of: done('secondFactor.removed', 'secondFactor.ruled') },
  {
    name: 'rightsChanged',
    beyond: 0,
    of: done('role.granted', 'user.created', 'user.reactivated', 'delegation.created', 'approvalLimit.set'),
  },
  { name: 'policiesChanged', beyond: 0, of: done('approvalPolicy.created', 'approvalPolicy.changed') },
  { name: 'exceptionsAllowed', beyond: 0, of: done('dutyException.allowed', 'revealAllowance.granted') },
  { name: 'glassBroken', beyond: 0, of: done('changeRequest.glassBroken') },
  { name: 'approvalsRefused', beyond: 0, of: refused('changeRequest.approve', 'changeRequest.breakGlass') },
  { name: 'revealsRefused', beyond: 0, of: refused('sensitiveValue.reveal', 'sensitiveValue.find') },
  {
    name: 'revealsAtNight',
    beyond: 0,
    of: (tally) => (tally.night ? done('sensitiveValue.revealed', 'sensitiveValue.sought')(tally) : 0),
  },
  { name: 'forbidden', beyond: 20, of: ({ code, count }) => (code === 'FORBIDDEN' ? count : 0) },
  {
    name: 'keysChanged',
    beyond: 0,
    of: done('keys.rotated', 'classKey.renewed', 'apiKey.created', 'apiKey.rotated', 'webhookSecret.drawn'),
  },
  {
    name: 'exports',
    beyond: 0,
    of: done('audit.exported', 'audit.contentDropped', 'personalData.erased'),
  },
  { name: 'controlsWeakened', beyond: 0, of: done('configuration.weakened') },
  { name: 'serverStarts', beyond: 3, of: done('server.started', 'database.migrated') },
  {
    name: 'trailFaults',
    beyond: 0,
    of: ({ action, outcome, count }) =>
      outcome === 'FAILED' && (action === 'audit.sealing' || action === 'audit.archiving') ? count : 0,
  },
  { name: 'failures', beyond: 0, of: ({ outcome, count }) => (outcome === 'FAILED' ? count : 0) },
  { name: 'unsealed', beyond: 0, of: ({ unsealed }) => unsealed },
];

/** What a day came to. */
export interface TrailReview {
  readonly events: number;
  /** How many there were of each, none left out. */
  readonly counts: Readonly<Record<string, number>>;
  /** Those that are worth a look. */
  readonly matters: readonly string[];
}

export function reviewOf(tallies: readonly Tally[]): TrailReview {
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0);
  const counted = MATTERS.map(({ name, beyond, of }) => ({ name, beyond, count: sum(of) }));
  return {
    events: sum(({ count }) => count),
    counts: Object.fromEntries(counted.map(({ name, count }) => [name, count])),
    matters: counted.filter(({ count, beyond }) => count > beyond).map(({ name }) => name),
  };
}

/**
 * The next day to review, a local date: that after the last one that was, else yesterday, but none from before the trail begins. Null: it is not
 * over yet. `settled` is the local date some minutes ago, since an event may be committed a little after its instant.
 */
export function dueDay(lastReviewed: string | null, begins: string | null, settled: string): string | null {
  const yesterday = addDays(settled, -1);
  const next = lastReviewed ? addDays(lastReviewed, 1) : yesterday;
  const due = begins && begins > next ? begins : next;
  return begins && due <= yesterday ? due : null;
}

const REVIEWS = '6b0f6f2e-6a0f-4d0c-9c57-5b1c8f3f2a11';

/** What a review is about has an id, the same whoever reviews that day. */
export const reviewId = (day: string): string => v5(day, REVIEWS);
