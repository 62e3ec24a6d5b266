import { IsOptional, Length, ValidateNested } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { maskOf, maskWords } from '../platform/masks';
import { placeOf } from '../access/reveal-sensitive-value';
import { checkedValue, sealValue, type SensitiveValue } from '../access/sensitive-value';
import { Account } from '../accounts/account.entity';
import { Lob } from '../accounts/lob.entity';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { DateTimeScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import { Complaint } from './complaint.entity';
import { assertConcerns, assertReceived, changesOf, clocksFrom, factsOf } from './complaint.rules';
import { ComplaintChannel } from './complaint.type';
import { ruleBook } from './rule-book';

@InputType({ description: 'Whoever complains. All of it may be left out: complaints may be anonymous.' })
export class CustomerInput {
  @IsOptional()
  @Text(200)
  @Field(() => String, {
    nullable: true,
    description: 'Name. Card numbers and e-mail addresses in it are masked for good.',
  })
  name?: string | null;

  @IsOptional()
  @Length(1, 254)
  @Field(() => String, { nullable: true, description: 'E-mail address. Kept encrypted, shown masked.' })
  email?: string | null;

  @IsOptional()
  @Length(1, 64)
  @Field(() => String, { nullable: true, description: 'Phone number. Kept encrypted, shown masked.' })
  phone?: string | null;

  @IsOptional()
  @Length(1, 64)
  @Field(() => String, {
    nullable: true,
    description: 'Number of the card that it is about. Kept encrypted, shown masked.',
  })
  cardNumber?: string | null;
}

@InputType({ description: 'A complaint that came in.' })
export class FileComplaintInput extends Input {
  @Field(() => ID, { description: 'Id of the account.' })
  accountId!: string;

  @Field(() => ID, { description: 'Id of the account’s line of business that it is about.' })
  lobId!: string;

  @Field(() => ComplaintChannel, { description: 'Which way it came in. Some channels have deadlines of their own.' })
  channel!: ComplaintChannel;

  @Text(200)
  @Field({ description: 'What it is about, in the client’s words for it.' })
  category!: string;

  @Field(() => DateTimeScalar, {
    description: 'When it came in; the clocks run from then. At most five minutes after now.',
  })
  receivedAt!: string;

  @IsOptional()
  @ValidateNested()
  @Field(() => CustomerInput, { nullable: true, description: 'Whoever complains; null when nobody knows.' })
  customer?: CustomerInput | null;

  @IsOptional()
  @Text(20_000)
  @Field(() => String, {
    nullable: true,
    description: 'What the customer says. Card numbers and e-mail addresses in it are masked for good.',
  })
  narrative?: string | null;

  @IsOptional()
  @Text(200)
  @Field(() => String, { nullable: true, description: 'What another system calls it; unique within the account.' })
  sourceReference?: string | null;
}

const SENSITIVE = ['email', 'phone', 'cardNumber'] as const;

/** Free text as it may be kept: nobody types a card number into a note and finds it there again. */
const kept = (text: string | null | undefined): string | null => (text == null ? null : maskWords(text.trim()));

/** That a reference of another system is filed once is the database's to refuse: COMPLAINT_SOURCE_TAKEN. */
export const fileComplaint = operation({
  name: 'complaint.file',
  subject: 'Complaint',
  summary: 'File a complaint',
  lock: async (tx, input: FileComplaintInput) => ({
    account: await tx.lock(Account, input.accountId),
    lob: await tx.lock(Lob, input.lobId),
    book: await ruleBook(tx, new Date(input.receivedAt)),
    keys: tx.context.app.keys,
  }),
  authorize: (may, { account, lob }) => {
    may('read', account);
    may('read', lob);
    may.create('file', 'Complaint', { accountId: account.id, lobId: lob.id });
  },
  decide: ({ account, lob, book }, input, { newId, now, actorId }) => {
    const receivedAt = new Date(input.receivedAt);
    assertReceived(receivedAt, now);
    assertConcerns(account, lob, receivedAt);
    return {
      complaint: {
        id: newId(),
        accountId: account.id,
        lobId: lob.id,
        channel: input.channel,
        category: maskWords(input.category.trim()),
        narrative: kept(input.narrative),
        receivedAt,
        sourceReference: input.sourceReference?.trim() ?? null,
        filedById: actorId,
        status: 'FILED' as const,
        ...clocksFrom(receivedAt, input.channel, account.timeZone, book),
        acknowledgedAt: null,
        acknowledgeBreachedAt: null,
        resolvedAt: null,
        breachedAt: null,
        resolution: null,
        resolutionNote: null,
        reopenedAt: null,
        reopenedCount: 0,
      },
      name: kept(input.customer?.name),
      sensitive: SENSITIVE.map((field) => ({ field, value: checkedValue(field, input.customer?.[field]) })),
    };
  },
  save: (tx, { complaint, name, sensitive }, { keys }) => {
    const sealed = sensitive.map(({ field, value }): [string, SensitiveValue] => [
      field,
      sealValue(keys, field, value, placeOf('Complaint', complaint.id, `customer.${field}`)),
    ]);
    return tx.insert(Complaint, { ...complaint, customer: { name, ...Object.fromEntries(sealed) } } as Complaint);
  },
  record: ({ complaint: { id, ...complaint }, name, sensitive }) => ({
    action: 'complaint.filed',
    subjectId: id,
    changes: [
      ...changesOf({ reopenedCount: 0 }, complaint),
      { path: 'customer.name', before: null, after: name },
      ...sensitive.map(({ field, value }) => ({
        path: `customer.${field}`,
        before: null,
        after: value && maskOf(field, value),
      })),
    ],
  }),
  facts: ({ complaint }) => factsOf(complaint),
});
