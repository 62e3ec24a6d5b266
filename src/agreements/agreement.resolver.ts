import { Arg, Args, FieldResolver, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Account } from '../accounts/account.type';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { agreementRead } from './agreement.read';
import { Agreement, AgreementConnection, AgreementsArgs } from './agreement.type';
import { AmendAgreementInput } from './amend-agreement';
import { EndAgreementInput } from './end-agreement';
import { SignAgreementInput } from './sign-agreement';

const SignAgreementPayload = payloadType('SignAgreementPayload', { agreement: () => Agreement });
const AmendAgreementPayload = payloadType('AmendAgreementPayload', { agreement: () => Agreement });
const EndAgreementPayload = payloadType('EndAgreementPayload', { agreement: () => Agreement });

@Resolver(() => Account)
export class AccountAgreements {
  @FieldResolver(() => AgreementConnection, { description: 'Its agreements, by code unless told.' })
  agreements(@Args(() => AgreementsArgs) _args: PageArgs): void {}
}

@Resolver()
export class AgreementResolver {
  @Query(() => Agreement, { nullable: true, description: 'An agreement.' })
  agreement(@Arg('id', () => ID, { description: 'Id of the agreement.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(agreementRead);
  }

  @Query(() => AgreementConnection, { description: 'Agreements, by code unless told.' })
  agreements(@Args(() => AgreementsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(agreementRead);
  }

  @Mutation(() => SignAgreementPayload, {
    description: 'Keeps what was agreed with a client; always waits for a second person.',
  })
  signAgreement(@Arg('input', { description: 'What was agreed.' }) input: SignAgreementInput, @Ask() asked: Asked) {
    return asked.submit('agreement.sign', input);
  }

  @Mutation(() => AmendAgreementPayload, {
    description: 'Has an agreement say something else from a day on; always waits for a second person.',
  })
  amendAgreement(
    @Arg('input', { description: 'Which one, and what.' }) input: AmendAgreementInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('agreement.amend', input);
  }

  @Mutation(() => EndAgreementPayload, { description: 'Ends an agreement; always waits for a second person.' })
  endAgreement(@Arg('input', { description: 'Which one, and when.' }) input: EndAgreementInput, @Ask() asked: Asked) {
    return asked.submit('agreement.end', input);
  }
}
