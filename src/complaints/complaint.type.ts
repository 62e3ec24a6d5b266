import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { User } from '../access/user.type';
import { Account } from '../accounts/account.type';
import { Lob } from '../accounts/lob.type';
import { ChangeRequest } from '../approvals/change-request.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar, LocalDateScalar } from '../platform/scalars';

export enum ComplaintChannel {
  PHONE = 'PHONE',
  EMAIL = 'EMAIL',
  WEB = 'WEB',
  CHAT = 'CHAT',
  SOCIAL_MEDIA = 'SOCIAL_MEDIA',
  POSTAL_MAIL = 'POSTAL_MAIL',
  FAX = 'FAX',
  IN_PERSON = 'IN_PERSON',
  REFERRAL = 'REFERRAL',
  OTHER = 'OTHER',
}
registerEnumType(ComplaintChannel, {
  name: 'ComplaintChannel',
  description: 'Which way a complaint came in.',
  valuesConfig: {
    PHONE: { description: 'By a call.' },
    EMAIL: { description: 'By e-mail.' },
    WEB: { description: 'By a form on the web, also a regulator’s.' },
    CHAT: { description: 'By chat or text message.' },
    SOCIAL_MEDIA: { description: 'In public, on social media.' },
    POSTAL_MAIL: { description: 'By letter.' },
    FAX: { description: 'By fax.' },
    IN_PERSON: { description: 'Face to face.' },
    REFERRAL: { description: 'Passed on by somebody else: a regulator, an ombudsman, another company.' },
    OTHER: { description: 'Some other way.' },
  },
});

export enum ComplaintStatus {
  FILED = 'FILED',
  ACKNOWLEDGED = 'ACKNOWLEDGED',
  RESOLVED = 'RESOLVED',
}
registerEnumType(ComplaintStatus, {
  name: 'ComplaintStatus',
  description: 'Where a complaint stands.',
  valuesConfig: {
    FILED: { description: 'It came in; the customer was not told so yet.' },
    ACKNOWLEDGED: { description: 'The customer knows that it came in, or that it was taken up again.' },
    RESOLVED: { description: 'It was looked into and answered.' },
  },
});

export enum ComplaintResolution {
  UPHELD = 'UPHELD',
  PARTLY_UPHELD = 'PARTLY_UPHELD',
  NOT_UPHELD = 'NOT_UPHELD',
}
registerEnumType(ComplaintResolution, {
  name: 'ComplaintResolution',
  description: 'Whether a customer who complained was right.',
  valuesConfig: {
    UPHELD: { description: 'The customer was right.' },
    PARTLY_UPHELD: { description: 'The customer was right in part.' },
    NOT_UPHELD: { description: 'The customer was not right.' },
  },
});

export enum DayKind {
  CALENDAR = 'CALENDAR',
  BUSINESS = 'BUSINESS',
}
registerEnumType(DayKind, {
  name: 'DayKind',
  description: 'Which days a rule counts.',
  valuesConfig: {
    CALENDAR: { description: 'Every day.' },
    BUSINESS: { description: 'Days that are neither weekend nor holiday in the rule’s calendar.' },
  },
});

@ObjectType({ description: 'Whoever complained, masked. See revealSensitiveValue.' })
export class ComplaintCustomer {
  @Field(() => String, { nullable: true, description: 'Name.' })
  name!: string | null;

  @Field(() => String, { nullable: true, description: 'E-mail address, masked. To reveal it: field `customer.email`.' })
  email!: string | null;

  @Field(() => String, { nullable: true, description: 'Phone number, masked. To reveal it: field `customer.phone`.' })
  phone!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Card number, masked. To reveal it: field `customer.cardNumber`.',
  })
  cardNumber!: string | null;
}

@ObjectType({ description: 'A version of a rule that says how long a complaint may take.' })
export class ComplaintRule {
  @Field({ description: 'What the rule is called.' })
  code!: string;

  @Field(() => Int, { description: 'Its version: 1, 2, 3 …' })
  version!: number;

  @Field(() => LocalDateScalar, { description: 'For what is received from this date on, in the account’s zone.' })
  effectiveFrom!: string;

  @Field(() => ComplaintChannel, {
    nullable: true,
    description: 'For this channel; null: for every one that has no rule of its own.',
  })
  channel!: ComplaintChannel | null;

  @Field({ description: 'The calendar that business days are counted by.' })
  calendarCode!: string;

  @Field(() => Int, {
    description: 'Days until it must be acknowledged. The day of receipt is day 0; the last one counts to its end.',
  })
  acknowledgeDays!: number;

  @Field(() => DayKind, { description: 'Which days those are.' })
  acknowledgeKind!: DayKind;

  @Field(() => Int, { description: 'Days until it must be resolved, counted alike.' })
  resolveDays!: number;

  @Field(() => DayKind, { description: 'Which days those are.' })
  resolveKind!: DayKind;

  @Field({ description: 'Where the rule comes from.' })
  source!: string;
}

@ObjectType({ description: 'A complaint of a client’s customer, and its clocks.' })
export class Complaint {
  @Field(() => ID, { description: 'Id of the complaint.' })
  id!: string;

  @Field(() => Account, { nullable: true, description: 'The client company that it is about.' })
  account!: Account | null;

  @Field(() => Lob, { nullable: true, description: 'The line of business that it is about.' })
  lob!: Lob | null;

  @Field(() => ComplaintChannel, { description: 'Which way it came in.' })
  channel!: ComplaintChannel;

  @Field({ description: 'What it is about.' })
  category!: string;

  @Field(() => String, {
    nullable: true,
    description: 'What the customer says; card numbers and e-mail addresses are masked for good.',
  })
  narrative!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it came in.' })
  receivedAt!: string;

  @Field(() => String, { nullable: true, description: 'What another system calls it; unique within the account.' })
  sourceReference!: string | null;

  @Field(() => ComplaintCustomer, { description: 'Whoever complained.' })
  customer!: ComplaintCustomer;

  @Field(() => User, { nullable: true, description: 'Who filed it.' })
  filedBy!: User | null;

  @Field(() => ComplaintStatus, { description: 'Where it stands.' })
  status!: ComplaintStatus;

  @Field(() => ComplaintRule, { nullable: true, description: 'The rule that set the clocks that run now.' })
  rule!: ComplaintRule | null;

  @Field(() => DateTimeScalar, { description: 'The first instant at which it is too late to acknowledge it.' })
  acknowledgeDueAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the customer was told that it came in.' })
  acknowledgedAt!: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'The instant at which the deadline of acknowledging passed; null when it has not.',
  })
  acknowledgeBreachedAt!: string | null;

  @Field(() => DateTimeScalar, { description: 'The first instant at which it is too late to resolve it.' })
  dueAt!: string;

  @Field(() => Int, { nullable: true, description: 'Seconds until `dueAt`, 0 once it has passed; null once resolved.' })
  remainingSeconds!: number | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was resolved; null again once reopened.' })
  resolvedAt!: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'The instant at which the deadline of resolving passed, the first time if more than once; null when it has not.',
  })
  breachedAt!: string | null;

  @Field({ description: 'Whether the deadline of resolving was ever missed, also before it was reopened.' })
  breached!: boolean;

  @Field(() => ComplaintResolution, {
    nullable: true,
    description: 'Whether the customer was right; null until resolved.',
  })
  resolution!: ComplaintResolution | null;

  @Field(() => String, { nullable: true, description: 'What was found and done.' })
  resolutionNote!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was last taken up again.' })
  reopenedAt!: string | null;

  @Field(() => Int, { description: 'How often it was taken up again.' })
  reopenedCount!: number;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => DateTimeScalar, { description: 'When it was filed here.' })
  createdAt!: string;

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which complaints: all that is given must hold.' })
export class ComplaintFilter {
  @Field(() => ID, { nullable: true, description: 'About this account.' })
  accountId?: string | null;

  @Field(() => ID, { nullable: true, description: 'About this line of business.' })
  lobId?: string | null;

  @Field(() => ComplaintStatus, { nullable: true, description: 'Where they stand.' })
  status?: ComplaintStatus | null;

  @Field(() => ComplaintChannel, { nullable: true, description: 'Which way they came in.' })
  channel?: ComplaintChannel | null;

  @Field(() => String, { nullable: true, description: 'About exactly this.' })
  category?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether the deadline of resolving was ever missed.' })
  breached?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether they are unresolved after their deadline.' })
  overdue?: boolean | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Received from this instant on.' })
  receivedFrom?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Received before this instant.' })
  receivedTo?: string | null;

  @Field(() => String, { nullable: true, description: 'What another system calls it.' })
  sourceReference?: string | null;
}

export const ComplaintOrder = orderEnum('ComplaintOrder', ['RECEIVED_AT', 'DUE_AT', 'CREATED_AT']);
export const ComplaintConnection = connectionOf(() => Complaint, 'Complaint');
export const ComplaintsArgs = connectionArgs(ComplaintFilter, ComplaintOrder);
