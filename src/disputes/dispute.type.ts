import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { User } from '../access/user.type';
import { Account } from '../accounts/account.type';
import { ChangeRequest } from '../approvals/change-request.type';
import { InvoiceLine } from '../billing/invoice-line.type';
import { Invoice } from '../billing/invoice.type';
import { Money } from '../platform/money.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';

export enum DisputeStatus {
  OPEN = 'OPEN',
  RESOLVED = 'RESOLVED',
  WITHDRAWN = 'WITHDRAWN',
}
registerEnumType(DisputeStatus, {
  name: 'DisputeStatus',
  description: 'Where a dispute stands.',
  valuesConfig: {
    OPEN: { description: 'Waits for an answer.' },
    RESOLVED: { description: 'Answered.' },
    WITHDRAWN: { description: 'Taken back.' },
  },
});

export enum DisputeResolution {
  ACCEPTED = 'ACCEPTED',
  PARTLY_ACCEPTED = 'PARTLY_ACCEPTED',
  REJECTED = 'REJECTED',
}
registerEnumType(DisputeResolution, {
  name: 'DisputeResolution',
  description: 'How a dispute was answered.',
  valuesConfig: {
    ACCEPTED: { description: 'All of it is conceded.' },
    PARTLY_ACCEPTED: { description: 'Some of it is conceded.' },
    REJECTED: { description: 'Nothing is conceded.' },
  },
});

@ObjectType({ description: 'What a dispute claims of one line.' })
export class DisputeItem {
  @Field(() => ID, { description: 'Id of the item.' })
  id!: string;

  @Field(() => InvoiceLine, { description: 'The line.' })
  line!: InvoiceLine;

  @Field(() => Money, { description: 'What is disputed of it, tax included.' })
  amount!: Money;

  @Field(() => Money, { nullable: true, description: 'What was conceded; null until the dispute is resolved.' })
  acceptedAmount!: Money | null;
}

@ObjectType({ description: 'A client’s disagreement with lines of an invoice.' })
export class Dispute {
  @Field(() => ID, { description: 'Id of the dispute.' })
  id!: string;

  @Field(() => DisputeStatus, { description: 'Where it stands.' })
  status!: DisputeStatus;

  @Field(() => DisputeResolution, { nullable: true, description: 'How it was answered.' })
  resolution!: DisputeResolution | null;

  @Field(() => Invoice, { description: 'The invoice.' })
  invoice!: Invoice;

  @Field(() => Account, { description: 'The account that the invoice bills.' })
  account!: Account;

  @Field({ description: 'Why, as a code.' })
  reasonCode!: string;

  @Field(() => String, { nullable: true, description: 'Why, in words.' })
  note!: string | null;

  @Field(() => [DisputeItem], { description: 'What is disputed, line by line.' })
  items!: DisputeItem[];

  @Field(() => Money, { description: 'What is disputed in all.' })
  claimedAmount!: Money;

  @Field(() => Money, { description: 'What was conceded in all; zero until it is resolved.' })
  acceptedAmount!: Money;

  @Field(() => User, { nullable: true, description: 'Who opened it; null for viewers who do not see users.' })
  openedBy!: User | null;

  @Field(() => User, { nullable: true, description: 'Who answered it; null for viewers who do not see users.' })
  resolvedBy!: User | null;

  @Field(() => String, { nullable: true, description: 'The reasons of the answer.' })
  resolutionNote!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was opened.' })
  createdAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was resolved or withdrawn.' })
  closedAt!: string | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which disputes: all that is given must hold.' })
export class DisputeFilter {
  @Field(() => ID, { nullable: true, description: 'Of this account.' })
  accountId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Of this invoice.' })
  invoiceId?: string | null;

  @Field(() => DisputeStatus, { nullable: true, description: 'Where they stand.' })
  status?: DisputeStatus | null;

  @Field(() => String, { nullable: true, description: 'With this reason.' })
  reasonCode?: string | null;
}

export const DisputeOrder = orderEnum('DisputeOrder', ['CREATED_AT']);
export const DisputeConnection = connectionOf(() => Dispute, 'Dispute');
export const DisputesArgs = connectionArgs(DisputeFilter, DisputeOrder);
