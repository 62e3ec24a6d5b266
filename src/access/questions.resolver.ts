import { Max, Min } from 'class-validator';
import { Arg, Args, ArgsType, Field, ID, Int, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import { DateTimeScalar } from '../platform/scalars';
import { accessMetrics, dormantUsers, valueReveals, whoCould } from './questions';
import { AccessMetrics, CouldDo, DormantUser, MetricsRangeInput, ValueReveal } from './questions.type';

@ArgsType()
class DormantArgs {
  @Min(1)
  @Max(3650)
  @Field(() => Int, { defaultValue: 90, description: 'For how many days at least.' })
  days!: number;
}

/** What auditors and compliance ask of access, over all of it. */
@Resolver()
export class QuestionsResolver {
  @Query(() => [AccessMetrics], { description: 'What the trail tells of access, by pieces of time.' })
  accessMetrics(
    @Arg('range', { description: 'From when to when, and how it is cut.' }) _range: MetricsRangeInput,
    @Ask() asked: Asked,
  ) {
    return asked.worked(({ range }) => accessMetrics(asked.context, range as MetricsRangeInput));
  }

  @Query(() => [CouldDo], {
    description:
      'By which grants people could do something at an instant, and who gave them: by the grants of then, and the rules of today.',
  })
  whoCould(
    @Arg('operation', { description: 'Its name: `invoice.void`.' }) _operation: string,
    @Arg('at', () => DateTimeScalar, { description: 'The instant.' }) _at: string,
    @Arg('accountId', () => ID, { nullable: true, description: 'Over this account; null: over any.' })
    _accountId: string | null,
    @Ask() asked: Asked,
  ) {
    return asked.worked((args) => whoCould(asked.context, args));
  }

  @Query(() => [ValueReveal], { description: 'Who saw a sensitive value, latest first, at most 1000.' })
  valueReveals(
    @Arg('subjectType', { description: 'Type of what it belongs to: `Account`.' }) _subjectType: string,
    @Arg('subjectId', () => ID, { description: 'Id of what it belongs to.' }) _subjectId: string,
    @Arg('field', () => String, { nullable: true, description: 'The field; null: any.' }) _field: string | null,
    @Ask() asked: Asked,
  ) {
    return asked.worked((args) => valueReveals(asked.context, args));
  }

  @Query(() => [DormantUser], { description: 'Who can sign in and was not seen for long, at most 1000.' })
  dormantUsers(@Args(() => DormantArgs) _args: DormantArgs, @Ask() asked: Asked) {
    return asked.worked((args) => dormantUsers(asked.context, args));
  }
}
