import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsOptional, MaxLength } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { roleMayApprove } from '../access/permissions';
import { usersOfPerson } from '../access/persons';
import { applyDecorators } from '../platform/decorators';
import { refuse } from '../platform/errors';
import type { FieldChange, Moment } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { DateTimeScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import { notFound, type Transaction } from '../platform/transaction';
import { actorNow } from './decider';
import type { Delegation } from './delegation.entity';
import { periodOf } from './delegation.rules';

/** A part of the whole that somebody is responsible for: left out, it is all of it. */
const Scoped = (): PropertyDecorator =>
  applyDecorators(IsOptional(), ArrayMinSize(1), ArrayMaxSize(100), ArrayUnique(), MaxLength(100, { each: true }));

/** Who stands in, when, and over what. */
@InputType()
export abstract class DelegationTermsInput extends Input {
  @Field(() => ID, { description: 'Id of the user who stands in.' })
  delegateId!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'From when on; now, unless told.' })
  startsAt?: string | null;

  @Field(() => DateTimeScalar, { description: 'The instant from which on it holds no longer, at most 366 days later.' })
  endsAt!: string;

  @Scoped()
  @Field(() => [String], { nullable: true, description: 'Only over these operations: `invoice.void`. Null: over all.' })
  operations?: string[] | null;

  @Scoped()
  @Field(() => [ID], {
    nullable: true,
    description: 'Only over what concerns these accounts. Null: whatever it concerns.',
  })
  accountIds?: string[] | null;

  @Field({
    defaultValue: false,
    description: 'The delegator is away: nobody counts on them, and reminders go to whoever stands in.',
  })
  outOfOffice!: boolean;

  @Text(500)
  @Field({ description: 'Why, for the trail.' })
  reason!: string;
}

/** What has to be known of the people and the scope of a delegation. */
export interface Known {
  delegateId: string;
  /** None of somebody who cannot sign in, or whose password is not their own yet. */
  delegateRoles: readonly string[];
  /** The users of the delegate’s person. */
  delegateIsAlso: ReadonlySet<string>;
  /** The operations in scope. */
  operations: readonly string[];
  accountsFound: boolean;
  deciderId: string;
}

const ACCOUNTS = 'SELECT id FROM account WHERE id::text = ANY ($1)';

const accountsIn = ({ accountIds }: DelegationTermsInput): string[] | null =>
  accountIds ? [...new Set(accountIds.map((id) => id.toLowerCase()))] : null;

/** Looks up what a delegation to a user who is locked is about. Refuses with OPERATION_UNKNOWN. */
export async function known(tx: Transaction, delegateId: string, input: DelegationTermsInput): Promise<Known> {
  const { catalogue } = tx.context.app;
  input.operations?.forEach((each) => catalogue.find(each));
  const accounts = accountsIn(input) ?? [];
  const found = accounts.length > 0 ? await tx.query(ACCOUNTS, [accounts]) : [];
  return {
    delegateId,
    delegateRoles: (await actorNow(tx, delegateId))?.roles ?? [],
    delegateIsAlso: await usersOfPerson(tx, delegateId),
    operations: input.operations ?? catalogue.names,
    accountsFound: found.length === accounts.length,
    deciderId: tx.actorId,
  };
}

/** Whether holders of some of these roles could approve any of these operations. */
export const couldApprove = (roles: readonly string[], operations: readonly string[]): boolean =>
  operations.some((operation) => roles.some((role) => roleMayApprove(role, operation)));

/**
 * The delegation of somebody's right. Refuses, in this order: DELEGATION_BY_SAME_PERSON, DELEGATION_PERIOD_INVALID, NOT_FOUND (an account), DELEGATE_UNFIT
 * (whoever stands in may decide nothing of it themselves, or cannot sign in).
 */
export function delegationOf(
  delegatorId: string,
  about: Known,
  input: DelegationTermsInput,
  { now, newId, actorId }: Moment,
): Delegation {
  const { delegateId, delegateRoles, delegateIsAlso, operations, accountsFound, deciderId } = about;
  if (delegateIsAlso.has(delegatorId)) refuse('DELEGATION_BY_SAME_PERSON', 'Nobody stands in for themselves.');
  const period = periodOf(input, now, deciderId !== actorId);
  if (!accountsFound) notFound('Account');
  if (!couldApprove(delegateRoles, operations))
    refuse('DELEGATE_UNFIT', 'This user may decide nothing of that, or cannot sign in.');
  return {
    id: newId(),
    delegatorId,
    delegateId,
    ...period,
    operations: input.operations ?? null,
    accountIds: accountsIn(input),
    outOfOffice: input.outOfOffice,
    reason: input.reason,
    revokedAt: null,
    revokedById: null,
  } as Delegation;
}

/** What is said of a delegation when it is made. */
export const changesOf = (made: Delegation): FieldChange[] =>
  [
    ['delegator', made.delegatorId],
    ['delegate', made.delegateId],
    ['startsAt', made.startsAt.toISOString()],
    ['endsAt', made.endsAt.toISOString()],
    ['operations', made.operations],
    ['accounts', made.accountIds],
    ['outOfOffice', made.outOfOffice],
  ]
    .filter(([, after]) => after !== null)
    .map(([path, after]) => ({ path: path as string, before: null, after }));
