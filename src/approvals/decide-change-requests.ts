import { createHash } from 'node:crypto';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsOptional,
  Length,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { attemptAt } from '../access/attempt';
import { recordRefusal } from '../audit/record';
import type { Context } from '../platform/context';
import { Input } from '../platform/operation.type';
import { refusalCodeOf } from '../platform/shown-error';
import { Turns } from '../platform/turns';
import { Verdict } from './change-request.type';

/** So many decisions at once. */
const MOST = 500;

/** So many of them are carried out at the same time: the others of this process want connections, too. */
const AT_ONCE = 4;

@InputType({ description: 'One decision of many.' })
export class DecisionInput {
  @Field(() => ID, { description: 'Id of the change request.' })
  id!: string;

  @Min(1)
  @Field(() => Int, { description: 'The revision that you saw.' })
  revision!: number;

  @Length(64, 64)
  @Field({ description: 'The digest that you saw.' })
  digest!: string;

  @Field(() => Verdict, { description: 'What you say to it.' })
  decision!: Verdict;

  @IsOptional()
  @MaxLength(2000)
  @Field(() => String, {
    nullable: true,
    description: 'Why: needed where the maker must learn something, so unless it is a yes.',
  })
  comment?: string | null;
}

@InputType({ description: 'Several decisions, each by itself.' })
export class DecideChangeRequestsInput extends Input {
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST)
  @ArrayUnique(({ id }: DecisionInput) => id)
  @ValidateNested()
  @Field(() => [DecisionInput], { description: 'One for each change request, 1 to 500.' })
  decisions!: DecisionInput[];
}

@ObjectType({ description: 'What became of one decision.' })
export class DecisionResult {
  @Field(() => ID, { description: 'Id of the change request.' })
  id!: string;

  @Field({ description: 'Whether it was decided so.' })
  ok!: boolean;

  @Field(() => String, { nullable: true, description: 'Stable code of the refusal, where it was not.' })
  code!: string | null;
}

@ObjectType({ description: 'What became of each decision, in the order in which they were sent.' })
export class DecideChangeRequestsPayload {
  @Field(() => [DecisionResult], { description: 'One for each decision.' })
  results!: DecisionResult[];
}

/** Each by itself, in a transaction of its own: one that is refused holds up no other, and leaves its event like any that is refused alone. */
export async function decideChangeRequests(
  context: Context,
  { decisions, idempotencyKey }: DecideChangeRequestsInput,
): Promise<DecideChangeRequestsPayload> {
  const turns = new Turns(AT_ONCE);
  const inTurn = (each: DecisionInput) => turns.take(() => decided(context, each, idempotencyKey ?? null));
  return { results: await Promise.all(decisions.map(inTurn)) };
}

/** Which operation a decision is, and its input. */
const SUBMITTED: Record<Verdict, (decision: DecisionInput) => [operation: string, input: object]> = {
  [Verdict.APPROVED]: ({ id, revision, digest, comment }) => [
    'changeRequest.approve',
    { id, revision, digest, comment },
  ],
  [Verdict.REJECTED]: ({ id, comment }) => ['changeRequest.reject', { id, reason: comment ?? '' }],
  [Verdict.RETURNED]: ({ id, revision, comment }) => ['changeRequest.return', { id, revision, reason: comment ?? '' }],
};

async function decided(context: Context, decision: DecisionInput, key: string | null): Promise<DecisionResult> {
  const { id } = decision;
  const [operation, said] = SUBMITTED[decision.decision](decision);
  const idempotencyKey = key === null ? null : createHash('sha256').update(`${key}\n${id}`).digest('hex');
  try {
    const input = await context.app.inputOf(context, operation, said);
    await context.app.submit(context, operation, { ...input, idempotencyKey });
    return { id, ok: true, code: null };
  } catch (error) {
    // Unless it was told already: what no operation ever saw.
    await recordRefusal(context, error, attemptAt(context.app.catalogue.find(operation), { id }));
    const code = refusalCodeOf(error);
    if (code === null)
      context.app.log.error({ err: error, requestId: context.requestId, operation }, 'a decision failed');
    return { id, ok: false, code: code ?? 'INTERNAL' };
  }
}
