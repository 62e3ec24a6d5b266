import { refuse } from '../platform/errors';
import type { Assignment } from './assignment.entity';

type Period = Pick<Assignment, 'startsOn' | 'endsOn'>;

/** Whether an assignment has days left on or after a date. */
export const running =
  (on: string) =>
  ({ endsOn }: Period): boolean =>
    endsOn === null || endsOn > on;

/**
 * Ends an assignment so that `endsOn` is the first date that does not belong to it. One that has not begun by then never
 * takes effect: it ends on the date it would have started.
 */
export function endOf(assignment: Period, on: string, reason: string): { endsOn: string; endReason: string } {
  return { endsOn: on > assignment.startsOn ? on : assignment.startsOn, endReason: reason };
}

/** Ends all of these, and says which agents are free then, each once. */
export const endsOf = <A extends Period & Pick<Assignment, 'agentId'>>(
  assignments: readonly A[],
  on: string,
  reason: string,
) => ({
  ends: assignments.map((assignment) => ({ assignment, patch: endOf(assignment, on, reason) })),
  freed: [...new Set(assignments.map(({ agentId }) => agentId))],
});

/** Refuses to end what has ended: ASSIGNMENT_NOT_ENDABLE. */
export function assertEndable(assignment: Period, on: string): void {
  if (!running(on)(assignment)) refuse('ASSIGNMENT_NOT_ENDABLE', 'This assignment has ended by then already.');
}

/** Refuses a start before the agent is hired: ASSIGNMENT_BEFORE_HIRING. */
export function assertHired(hiredOn: string, startsOn: string): void {
  if (startsOn < hiredOn) refuse('ASSIGNMENT_BEFORE_HIRING', 'This agent is not hired yet on that date.', { hiredOn });
}

/** The one assignment that an agent moves away from on a date, or a refusal: AGENT_NOT_ASSIGNED, TRANSFER_TO_SAME_LOB. */
export function assertTransferable<A extends Period & Pick<Assignment, 'lobId'>>(
  assignments: readonly A[],
  toLobId: string,
  on: string,
): A {
  const current = assignments.find((each) => each.startsOn <= on && running(on)(each));
  if (!current) return refuse('AGENT_NOT_ASSIGNED', 'This agent works nowhere on that date: assign them instead.');
  if (current.lobId === toLobId) refuse('TRANSFER_TO_SAME_LOB', 'This agent works there already.');
  return current;
}

/** What is done for a LOB is done for an open one. */
export function assertLobOpen({ status }: { status: string }): void {
  if (status !== 'OPEN') refuse('LOB_CLOSED', 'This line of business is closed.');
}
