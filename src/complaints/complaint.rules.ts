import type { Account } from '../accounts/account.entity';
import { assertOpen } from '../accounts/account.rules';
import { assertLobOpen } from '../accounts/assignment.rules';
import type { Lob } from '../accounts/lob.entity';
import { type Calendar, dueInstant, localDateOf } from '../platform/business-time';
import { refuse } from '../platform/errors';
import type { FieldChange } from '../platform/operation';
import type { ComplaintRule } from './complaint-rule.entity';
import type { Complaint, ComplaintChannel, ComplaintResolution } from './complaint.entity';

/** What deadlines are computed by: every rule, and the latest version of each calendar that a rule names. */
export interface RuleBook {
  rules: readonly ComplaintRule[];
  calendars: readonly (Calendar & { version: number })[];
}

/** The deadlines of a complaint, and by which rule and calendar. */
export type Clocks = Pick<Complaint, 'ruleId' | 'ruleVersion' | 'calendarVersion' | 'acknowledgeDueAt' | 'dueAt'>;

/** Clocks of those who report a complaint may be ahead of ours by so much. */
const TOLERANCE_SECONDS = 300;

/** Refuses what would be received later than now, by more than five minutes: COMPLAINT_RECEIVED_IN_FUTURE. */
export function assertReceived(receivedAt: Date, now: Date): void {
  if (receivedAt.getTime() > now.getTime() + TOLERANCE_SECONDS * 1000)
    refuse('COMPLAINT_RECEIVED_IN_FUTURE', 'A complaint cannot have been received later than now.');
}

/**
 * Refuses a line of business of somebody else (LOB_OF_OTHER_ACCOUNT), and what was received when the account or the line
 * was closed already (ACCOUNT_CLOSED, LOB_CLOSED). What was received before that may still be filed: its clock runs.
 */
export function assertConcerns(
  account: Pick<Account, 'id' | 'status' | 'closedAt'>,
  lob: Pick<Lob, 'accountId' | 'status' | 'closedAt'>,
  receivedAt: Date,
): void {
  if (lob.accountId !== account.id) refuse('LOB_OF_OTHER_ACCOUNT', 'This line of business belongs to another account.');
  const inUse = ({ closedAt }: { closedAt: Date | null }) => closedAt !== null && receivedAt < closedAt;
  if (!inUse(account)) assertOpen(account);
  if (!inUse(lob)) assertLobOpen(lob);
}

/**
 * The rule for what is received on a local date: one for its channel before one for all, then the latest first date,
 * then the highest version. Refuses with COMPLAINT_RULE_MISSING.
 */
export function ruleFor(rules: readonly ComplaintRule[], channel: ComplaintChannel, receivedOn: string): ComplaintRule {
  const [rule] = rules
    .filter((each) => each.effectiveFrom <= receivedOn && (each.channel === null || each.channel === channel))
    .toSorted(
      (one, other) =>
        Number(other.channel !== null) - Number(one.channel !== null) ||
        other.effectiveFrom.localeCompare(one.effectiveFrom) ||
        other.ruleVersion - one.ruleVersion ||
        one.code.localeCompare(other.code),
    );
  return (
    rule ??
    refuse('COMPLAINT_RULE_MISSING', 'No rule says how long such a complaint may take.', { channel, receivedOn })
  );
}

/** The deadlines of a complaint whose clocks start at an instant, in the zone of its account. */
export function clocksFrom(start: Date, channel: ComplaintChannel, zone: string, book: RuleBook): Clocks {
  const rule = ruleFor(book.rules, channel, localDateOf(start, zone));
  const calendar =
    book.calendars.find(({ code }) => code === rule.calendarCode) ??
    refuse('COMPLAINT_RULE_MISSING', 'The rule names a calendar that does not exist.', { calendar: rule.calendarCode });
  return {
    ruleId: rule.id,
    ruleVersion: rule.ruleVersion,
    calendarVersion: calendar.version,
    acknowledgeDueAt: dueInstant(start, { days: rule.acknowledgeDays, kind: rule.acknowledgeKind }, zone, calendar),
    dueAt: dueInstant(start, { days: rule.resolveDays, kind: rule.resolveKind }, zone, calendar),
  };
}

/** The deadline, once it has passed: at its very instant it is too late. */
const missed = (deadline: Date, now: Date): Date | null => (now >= deadline ? deadline : null);

/** Tells the customer that the complaint has arrived. Refuses with COMPLAINT_NOT_ACKNOWLEDGEABLE. */
export function acknowledged(complaint: Pick<Complaint, 'status' | 'acknowledgeDueAt'>, now: Date) {
  const { status, acknowledgeDueAt } = complaint;
  if (status !== 'FILED')
    refuse('COMPLAINT_NOT_ACKNOWLEDGEABLE', 'This complaint is acknowledged already.', { status });
  return {
    status: 'ACKNOWLEDGED' as const,
    acknowledgedAt: now,
    acknowledgeBreachedAt: missed(acknowledgeDueAt, now),
  };
}

/**
 * Ends a complaint, acknowledging it at the same instant where nobody has yet. The first missed deadline stays. Refuses
 * with COMPLAINT_NOT_RESOLVABLE.
 */
export function resolved(
  complaint: Pick<Complaint, 'status' | 'acknowledgeDueAt' | 'dueAt' | 'breachedAt'>,
  said: { resolution: ComplaintResolution; resolutionNote: string | null },
  now: Date,
) {
  const { status, dueAt, breachedAt } = complaint;
  if (status === 'RESOLVED') refuse('COMPLAINT_NOT_RESOLVABLE', 'This complaint is resolved already.', { status });
  return {
    ...(status === 'FILED' && acknowledged(complaint, now)),
    ...said,
    status: 'RESOLVED' as const,
    resolvedAt: now,
    breachedAt: breachedAt ?? missed(dueAt, now),
  };
}

/**
 * Takes a resolved complaint up again: it stays acknowledged, and gets a new deadline. What was missed before is kept,
 * and what was said is in the trail. Refuses with COMPLAINT_NOT_REOPENABLE. `clocks` is asked for only when it can be.
 */
export function reopened(complaint: Pick<Complaint, 'status' | 'reopenedCount'>, clocks: () => Clocks, now: Date) {
  const { status, reopenedCount } = complaint;
  if (status !== 'RESOLVED')
    refuse('COMPLAINT_NOT_REOPENABLE', 'Only a resolved complaint can be reopened.', { status });
  const { acknowledgeDueAt: _, ...clock } = clocks();
  return {
    status: 'ACKNOWLEDGED' as const,
    resolvedAt: null,
    resolution: null,
    resolutionNote: null,
    reopenedAt: now,
    reopenedCount: reopenedCount + 1,
    ...clock,
  };
}

/** What a patch changes of a complaint, as the trail shows it. */
export function changesOf(before: Partial<Complaint>, patch: Partial<Complaint>): FieldChange[] {
  return Object.entries(patch)
    .map(([path, after]) => ({ path, before: shown(before[path as keyof Complaint]), after: shown(after) }))
    .filter((change) => change.before !== change.after);
}

const shown = (value: unknown): unknown => (value instanceof Date ? value.toISOString() : (value ?? null));

/** What policies may look at of a complaint. */
export const factsOf = ({ accountId, lobId, category }: Pick<Complaint, 'accountId' | 'lobId' | 'category'>) => ({
  accountId,
  lobId,
  lobIds: [lobId],
  category,
});
