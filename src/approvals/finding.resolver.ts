import { Arg, Args, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { BreakGlassInput } from './break-glass';
import { findingRead } from './finding.read';
import { Finding, FindingConnection, FindingsArgs } from './finding.type';
import { ReviewFindingInput } from './review-finding';

const BreakGlassPayload = payloadType('BreakGlassPayload', { finding: () => Finding });
const ReviewFindingPayload = payloadType('ReviewFindingPayload', { finding: () => Finding });

@Resolver()
export class FindingResolver {
  @Query(() => FindingConnection, { description: 'Findings, by when they are due unless told.' })
  findings(@Args(() => FindingsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(findingRead);
  }

  @Mutation(() => BreakGlassPayload, {
    description:
      'In an emergency: carries a change request of another person out, though decisions are missing or limits exceeded. It raises a finding that somebody else reviews within a day.',
  })
  breakGlass(
    @Arg('input', { description: 'Which one, as it was seen, and why it cannot wait.' }) input: BreakGlassInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('changeRequest.breakGlass', input);
  }

  @Mutation(() => ReviewFindingPayload, { description: 'Says, once, whether an emergency was one.' })
  reviewFinding(
    @Arg('input', { description: 'Which finding, and what it came to.' }) input: ReviewFindingInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('finding.review', input);
  }
}
