import { Field, Int, ObjectType } from 'type-graphql';
import type { Context } from '../platform/context';
import { refuse } from '../platform/errors';
import { ask } from '../platform/pooled';
import { column, instantOf } from '../platform/read';
import { permitted, viewingOf } from '../platform/scope';
import { DateTimeScalar } from '../platform/scalars';
import { and, name, sql } from '../platform/sql';
import { changeRequestRead, decidable, ROW } from './change-request.read';

@ObjectType({ description: 'How much of an operation waits for the viewer.' })
export class ApprovalCount {
  @Field({ description: 'Its name: `invoice.void`.' })
  operation!: string;

  @Field(() => Int, { description: 'How many change requests: those that `myApprovals` lists.' })
  waiting!: number;

  @Field(() => Int, { description: 'How many of them expire within 24 hours.' })
  overdueSoon!: number;

  @Field(() => Int, { description: 'How many of them were proposed more than a day ago.' })
  olderThanDay!: number;

  @Field(() => Int, { description: 'How many of them were proposed more than three days ago.' })
  olderThanThreeDays!: number;

  @Field(() => DateTimeScalar, { description: 'When the oldest of them was proposed.' })
  oldestAt!: string;
}

/** What waits for the viewer, counted by operation: by the very conditions of `myApprovals`. */
export async function approvalCountsOf({ app, actor }: Context): Promise<ApprovalCount[]> {
  if (!actor) return refuse('UNAUTHENTICATED', 'Sign in first.');
  const now = app.clock();
  const [createdAt, expiresAt] = [column(ROW, 'created_at'), column(ROW, 'expires_at')];
  const older = (days: number) =>
    sql`count(*) filter (where ${createdAt} < ${now}::timestamptz - ${days}::int * interval '1 day')::int`;
  const theirs = and([permitted('read', changeRequestRead.type, ROW, actor), decidable(ROW, viewingOf(actor, now))]);
  const counted = sql`select ${column(ROW, 'operation')} as operation, count(*)::int as waiting,
      count(*) filter (where ${expiresAt} <= ${now}::timestamptz + interval '1 day')::int as "overdueSoon",
      ${older(1)} as "olderThanDay", ${older(3)} as "olderThanThreeDays", ${instantOf(sql`min(${createdAt})`)} as "oldestAt"
    from change_request ${name(ROW)} where ${theirs} group by 1 order by 1`;
  return ask<ApprovalCount>(app, counted.toQuery());
}
