import { Arg, Args, FieldResolver, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { callRecordRead } from './call-record.read';
import { CallRecordConnection, CallRecordsArgs } from './call-record.type';
import { ImportUsageInput } from './import-usage';
import { ReportUsageInput } from './report-usage';
import { usageQuantityRead } from './usage-quantity.read';
import { UsageQuantitiesArgs, UsageQuantity, UsageQuantityConnection } from './usage-quantity.type';
import { usageImportRead } from './usage-import.read';
import {
  UsageImport,
  UsageImportConnection,
  UsageImportsArgs,
  UsageRejectionConnection,
  UsageRejectionsArgs,
} from './usage-import.type';

const ReportUsagePayload = payloadType('ReportUsagePayload', { quantities: () => [UsageQuantity] });
const ImportUsagePayload = payloadType('ImportUsagePayload', { usageImport: () => UsageImport });

@Resolver(() => UsageImport)
export class UsageResolver {
  @FieldResolver(() => UsageRejectionConnection, {
    description: 'The lines that made no record, in the order of the file unless told.',
  })
  rejections(@Args(() => UsageRejectionsArgs) _args: PageArgs): void {}

  @Query(() => UsageImport, { nullable: true, description: 'An import of calls.' })
  usageImport(@Arg('id', () => ID, { description: 'Id of the import.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(usageImportRead);
  }

  @Query(() => UsageImportConnection, { description: 'Imports of calls, latest first unless told.' })
  usageImports(@Args(() => UsageImportsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(usageImportRead);
  }

  @Query(() => CallRecordConnection, { description: 'Calls, latest first unless told.' })
  callRecords(@Args(() => CallRecordsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(callRecordRead);
  }

  @Query(() => UsageQuantityConnection, {
    description: 'Seats, hours and money collected, as they were told; latest day first unless told.',
  })
  usageQuantities(@Args(() => UsageQuantitiesArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(usageQuantityRead);
  }

  @Mutation(() => ReportUsagePayload, {
    description: 'Tells how many seats, hours, or how much money there was on days.',
  })
  reportUsage(@Arg('input', { description: 'What is told.' }) input: ReportUsageInput, @Ask() asked: Asked) {
    return asked.submit('usage.report', input);
  }

  @Mutation(() => ImportUsagePayload, {
    description: 'Adds calls that are not there yet. What is wrong with one is told in `usageImport.rejections`.',
  })
  importUsage(@Arg('input', { description: 'The calls.' }) input: ImportUsageInput, @Ask() asked: Asked) {
    return asked.submit('usage.import', input);
  }
}
