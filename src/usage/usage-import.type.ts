import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { User } from '../access/user.type';
import { Account } from '../accounts/account.type';
import { ChangeRequest } from '../approvals/change-request.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar, DecimalScalar } from '../platform/scalars';

export enum UsageImportState {
  RUNNING = 'RUNNING',
  DONE = 'DONE',
  FAILED = 'FAILED',
  ABANDONED = 'ABANDONED',
}
registerEnumType(UsageImportState, {
  name: 'UsageImportState',
  description: 'How far an import has come.',
  valuesConfig: {
    RUNNING: { description: 'Lines of its file are still to come.' },
    DONE: { description: 'Every line was taken or rejected.' },
    FAILED: { description: 'Something stopped it; the same file goes on with it.' },
    ABANDONED: { description: 'Whoever ran it has gone; the same file goes on with it.' },
  },
});

@ObjectType({ description: 'A file of calls, or a batch over GraphQL: what came in, and what became of it.' })
export class UsageImport {
  @Field(() => ID, { description: 'Id of the import.' })
  id!: string;

  @Field(() => Account, { description: 'Whose calls they are.' })
  account!: Account;

  @Field({ description: 'The system that they come from.' })
  source!: string;

  @Field(() => String, { nullable: true, description: 'Name of the file; null for a batch over GraphQL.' })
  fileName!: string | null;

  @Field(() => String, { nullable: true, description: 'SHA-256 of the file, in hex.' })
  digest!: string | null;

  @Field(() => UsageImportState, { description: 'How far it has come.' })
  state!: UsageImportState;

  @Field(() => Int, { description: 'Lines that came in: the sum of the next three.' })
  recordsIn!: number;

  @Field(() => Int, { description: 'Those that made a record.' })
  recordsNew!: number;

  @Field(() => Int, { description: 'Those whose record was there already.' })
  recordsKnown!: number;

  @Field(() => Int, { description: 'Those that make no record.' })
  recordsRejected!: number;

  @Field(() => DecimalScalar, { description: 'Bytes of the file’s text, in UTF-8, up to which it is done.' })
  bytesDone!: string;

  @Field(() => DecimalScalar, { description: 'Bytes of the file; 0 for a batch over GraphQL.' })
  bytesTotal!: string;

  @Field(() => User, { nullable: true, description: 'Who began it.' })
  startedBy!: User | null;

  @Field(() => DateTimeScalar, { description: 'When it began.' })
  createdAt!: string;

  @Field(() => DateTimeScalar, { description: 'When lines of it were last taken.' })
  updatedAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was done.' })
  finishedAt!: string | null;

  @Field(() => String, { nullable: true, description: 'Code of what stopped it: docs/ERRORS.md.' })
  failureCode!: string | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => Int, { description: 'Raised by one with each batch.' })
  version!: number;
}

@ObjectType({ description: 'A line that made no record.' })
export class UsageRejection {
  @Field(() => ID, { description: 'Id of the rejection.' })
  id!: string;

  @Field(() => Int, { description: 'Its number in the file, from 1; of a batch over GraphQL the place of the record.' })
  lineNumber!: number;

  @Field({ description: 'Why: docs/USAGE.md.' })
  code!: string;

  @Field(() => String, { nullable: true, description: 'The field that was wrong, where it was one.' })
  field!: string | null;

  @Field({ description: 'The line as it came, but for what is masked; its first 10,000 characters.' })
  line!: string;
}

@InputType({ description: 'Which imports: all that is given must hold.' })
export class UsageImportFilter {
  @Field(() => ID, { nullable: true, description: 'Of calls of this account.' })
  accountId?: string | null;

  @Field(() => String, { nullable: true, description: 'From exactly this system.' })
  source?: string | null;

  @Field(() => UsageImportState, { nullable: true, description: 'That have come so far.' })
  state?: UsageImportState | null;
}

@InputType({ description: 'Which rejected lines: all that is given must hold.' })
export class UsageRejectionFilter {
  @Field(() => String, { nullable: true, description: 'For this reason.' })
  code?: string | null;
}

export const UsageImportOrder = orderEnum('UsageImportOrder', ['CREATED_AT']);
export const UsageImportConnection = connectionOf(() => UsageImport, 'UsageImport');
export const UsageImportsArgs = connectionArgs(UsageImportFilter, UsageImportOrder);

export const UsageRejectionOrder = orderEnum('UsageRejectionOrder', ['LINE_NUMBER']);
export const UsageRejectionConnection = connectionOf(() => UsageRejection, 'UsageRejection');
export const UsageRejectionsArgs = connectionArgs(UsageRejectionFilter, UsageRejectionOrder);
