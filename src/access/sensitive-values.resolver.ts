import { Arg, Args, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { FindBySensitiveValueInput } from './find-by-sensitive-value';
import { GrantRevealAllowanceInput } from './grant-reveal-allowance';
import { revealAllowanceRead } from './reveal-allowance.read';
import { RevealAllowanceConnection, RevealAllowancesArgs } from './reveal-allowance.type';
import { FindBySensitiveValuePayload } from './reveal.type';

const GrantRevealAllowancePayload = payloadType('GrantRevealAllowancePayload', {});

@Resolver()
export class SensitiveValuesResolver {
  @Query(() => RevealAllowanceConnection, {
    description: 'Who may see more sensitive values than those of every day, latest first unless told.',
  })
  revealAllowances(@Args(() => RevealAllowancesArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(revealAllowanceRead);
  }

  @Mutation(() => FindBySensitiveValuePayload, {
    description:
      'Looks for what has exactly a sensitive value. It counts like a value that is seen, and the trail says who looked.',
  })
  findBySensitiveValue(
    @Arg('input', { description: 'Which value, and why.' }) input: FindBySensitiveValueInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('sensitiveValue.find', input);
  }

  @Mutation(() => GrantRevealAllowancePayload, {
    description:
      'Lets somebody see more sensitive values than those of every day; always waits for a second person, who is not the one it is for.',
  })
  grantRevealAllowance(
    @Arg('input', { description: 'Who, how many, and until when.' }) input: GrantRevealAllowanceInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('revealAllowance.grant', input);
  }
}
