import { Max, MaxLength, Min } from 'class-validator';
import { Arg, Args, ArgsType, Field, FieldResolver, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { accessReviewItemRead, accessReviewRead } from './access-review.read';
import {
  AccessReview,
  AccessReviewConnection,
  AccessReviewEvidence,
  AccessReviewItem,
  AccessReviewItemConnection,
  AccessReviewItemsArgs,
  AccessReviewsArgs,
  EvidenceFormatEnum,
} from './access-review.type';
import { CloseAccessReviewInput } from './close-access-review';
import { DecideAccessReviewItemInput } from './decide-access-review-item';
import { evidence, sample } from './evidence-of-review';
import { StartAccessReviewInput } from './start-access-review';

const StartAccessReviewPayload = payloadType('StartAccessReviewPayload', { accessReview: () => AccessReview });
const CloseAccessReviewPayload = payloadType('CloseAccessReviewPayload', { accessReview: () => AccessReview });
const DecideAccessReviewItemPayload = payloadType('DecideAccessReviewItemPayload', {
  accessReviewItem: () => AccessReviewItem,
});

@ArgsType()
class SampleArgs {
  @Field(() => ID, { description: 'Id of the campaign.' })
  accessReviewId!: string;

  @MaxLength(100)
  @Field({ description: 'Any text: the same one finds the same items.' })
  seed!: string;

  @Min(1)
  @Max(1000)
  @Field(() => Int, { description: 'How many, at most 1000.' })
  size!: number;
}

@Resolver()
export class AccessReviewResolver {
  @Query(() => AccessReview, { nullable: true, description: 'A campaign.' })
  accessReview(@Arg('id', () => ID, { description: 'Id of the campaign.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(accessReviewRead);
  }

  @Query(() => AccessReviewConnection, { description: 'Campaigns, latest first unless told.' })
  accessReviews(@Args(() => AccessReviewsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(accessReviewRead);
  }

  @Query(() => AccessReviewItemConnection, {
    description: 'Items of campaigns: for reviewers those that they are asked about.',
  })
  accessReviewItems(@Args(() => AccessReviewItemsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(accessReviewItemRead);
  }

  @Query(() => AccessReviewEvidence, { description: 'The evidence of a campaign that is closed.' })
  accessReviewEvidence(
    @Arg('accessReviewId', () => ID, { description: 'Id of the campaign.' }) _accessReviewId: string,
    @Arg('format', () => EvidenceFormatEnum, { description: 'How it is written.' }) _format: string,
    @Ask() asked: Asked,
  ) {
    return asked.worked(evidence(asked.context));
  }

  @Query(() => AccessReviewEvidence, { description: 'Some items of a campaign that is closed, chosen by a seed.' })
  accessReviewSample(@Args(() => SampleArgs) _args: SampleArgs, @Ask() asked: Asked) {
    return asked.worked(sample(asked.context));
  }

  @Mutation(() => StartAccessReviewPayload, {
    description:
      'Starts a campaign over all that is granted now, and the keys of systems. Nobody is asked about what they hold themselves.',
  })
  startAccessReview(
    @Arg('input', { description: 'Who reviews, until when, and why.' }) input: StartAccessReviewInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('accessReview.start', input);
  }

  @Mutation(() => DecideAccessReviewItemPayload, {
    description:
      'Answers for one grant or key that one was asked about; what follows from it is proposed by the house.',
  })
  decideAccessReviewItem(
    @Arg('input', { description: 'Of which item, what, and why.' }) input: DecideAccessReviewItemInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('accessReviewItem.decide', input);
  }

  @Mutation(() => CloseAccessReviewPayload, { description: 'Closes a campaign in which everything was answered.' })
  closeAccessReview(
    @Arg('input', { description: 'Which one, and why.' }) input: CloseAccessReviewInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('accessReview.close', input);
  }
}

@Resolver(() => AccessReview)
export class ReviewItems {
  @FieldResolver(() => AccessReviewItemConnection, { description: 'What it looks at, latest first unless told.' })
  items(@Args(() => AccessReviewItemsArgs) _args: PageArgs): void {}
}
