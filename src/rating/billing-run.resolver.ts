import { MaxLength } from 'class-validator';
import { Arg, Args, ArgsType, Field, FieldResolver, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import { Agreement } from '../agreements/agreement.type';
import { InvoiceLine } from '../billing/invoice-line.type';
import { Invoice, InvoiceConnection, InvoicesArgs } from '../billing/invoice.type';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { LocalDateScalar } from '../platform/scalars';
import { CallRecordConnection, CallRecordsArgs } from '../usage/call-record.type';
import { UsageQuantitiesArgs, UsageQuantityConnection } from '../usage/usage-quantity.type';
import { previewBilling } from './billing-preview';
import { BillingPreview } from './billing-preview.type';
import { billingRunAccountRead, billingRunRead } from './billing-run.read';
import {
  BillingRun,
  BillingRunAccount,
  BillingRunAccountConnection,
  BillingRunAccountsArgs,
  BillingRunConnection,
  BillingRunsArgs,
} from './billing-run.type';
import { ReleaseBillingInput } from './release-billing';
import { RunBillingInput } from './run-billing';

const RunBillingPayload = payloadType('RunBillingPayload', { billingRun: () => BillingRun });
const ReleaseBillingPayload = payloadType('ReleaseBillingPayload', { billingRunAccount: () => BillingRunAccount });

@Resolver(() => InvoiceLine)
export class InvoiceLineUsage {
  @FieldResolver(() => Invoice, {
    nullable: true,
    description: 'Of a correction, the invoice whose period it corrects.',
  })
  corrects(): void {}

  @FieldResolver(() => Agreement, { nullable: true, description: 'The agreement that it was rated by; null: by none.' })
  agreement(): void {}

  @FieldResolver(() => Int, { nullable: true, description: 'Number of the version that it was rated by.' })
  agreementVersionNumber(): void {}

  @FieldResolver(() => CallRecordConnection, {
    description:
      'The calls that stand behind its quantity, latest first unless told. Of a correction, those that came since, and those that an amendment moved.',
  })
  usage(@Args(() => CallRecordsArgs) _args: PageArgs): void {}

  @FieldResolver(() => UsageQuantityConnection, {
    description: 'What was reported and stands behind its quantity, latest day first unless told.',
  })
  quantities(@Args(() => UsageQuantitiesArgs) _args: PageArgs): void {}
}

@Resolver(() => Invoice)
export class InvoiceBillingRun {
  @FieldResolver(() => BillingRun, { nullable: true, description: 'The run that drafted it; null: none did.' })
  billingRun(): void {}
}

@ArgsType()
class PreviewArgs {
  @MaxLength(100)
  @Field(() => ID, { description: 'Id of the account.' })
  accountId!: string;

  @Field(() => LocalDateScalar, { description: 'The first day, in the account’s zone.' })
  from!: string;

  @Field(() => LocalDateScalar, { description: 'The day behind the last; at most 366 days later.' })
  until!: string;
}

@Resolver(() => BillingRun)
export class BillingRunResolver {
  @FieldResolver(() => BillingRunAccountConnection, { description: 'What became of each account.' })
  accounts(@Args(() => BillingRunAccountsArgs) _args: PageArgs): void {}

  @FieldResolver(() => InvoiceConnection, { description: 'The invoices that it drafted, latest first unless told.' })
  invoices(@Args(() => InvoicesArgs) _args: PageArgs): void {}

  @Query(() => BillingRun, { nullable: true, description: 'A billing run.' })
  billingRun(@Arg('id', () => ID, { description: 'Id of the run.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(billingRunRead);
  }

  @Query(() => BillingRunConnection, { description: 'Billing runs, latest first unless told.' })
  billingRuns(@Args(() => BillingRunsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(billingRunRead);
  }

  @Query(() => BillingRunAccount, { nullable: true, description: 'An account of a billing run.' })
  billingRunAccount(@Arg('id', () => ID, { description: 'Id of it.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(billingRunAccountRead);
  }

  @Query(() => BillingPreview, {
    description:
      'What a run over that period would draft for an account now. Nothing is saved; what is not over yet is counted as far as it goes.',
  })
  billingPreview(@Args(() => PreviewArgs) _args: PreviewArgs, @Ask() asked: Asked) {
    return asked.worked((args) => previewBilling(asked.context, args as unknown as PreviewArgs));
  }

  @Mutation(() => RunBillingPayload, {
    description:
      'Bills a period, of one account or of all. It goes on behind this answer: `billingRun` tells how far it is.',
  })
  runBilling(@Arg('input', { description: 'What to bill.' }) input: RunBillingInput, @Ask() asked: Asked) {
    return asked.submit('billing.run', input);
  }

  @Mutation(() => ReleaseBillingPayload, {
    description: 'Lets an account go on that the fuse stopped; always waits for a second person.',
  })
  releaseBilling(
    @Arg('input', { description: 'Which one, and what was found.' }) input: ReleaseBillingInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('billing.release', input);
  }
}
