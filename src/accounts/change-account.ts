import { IsOptional, Length, MaxLength } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { maskOf } from '../platform/masks';
import { placeOf } from '../access/reveal-sensitive-value';
import { checkedValue, sealValue, type SensitiveValue } from '../access/sensitive-value';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { Account } from './account.entity';
import { isZoneInDatabase } from './zone-in-database';
import { assertOpen, assertZone } from './account.rules';

@InputType({ description: 'What to change in an account. What is left out stays as it is.' })
export class ChangeAccountInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the account.' })
  accountId!: string;

  @IsOptional()
  @Text(200)
  @Field(() => String, { nullable: true, description: 'Name as registered.' })
  legalName?: string | null;

  @IsOptional()
  @MaxLength(64)
  @Field(() => String, { nullable: true, description: 'IANA time zone that its business dates belong to.' })
  timeZone?: string | null;

  @IsOptional()
  @Length(1, 64)
  @Field(() => String, { nullable: true, description: 'Tax id. By default a change of it waits for a second person.' })
  taxId?: string | null;

  @IsOptional()
  @Length(1, 64)
  @Field(() => String, {
    nullable: true,
    description: 'Bank account number or IBAN. By default a change of it waits for a second person.',
  })
  bankAccountNumber?: string | null;

  @IsOptional()
  @MaxLength(500)
  @Field(() => String, { nullable: true, description: 'Why, for the approver and the trail.' })
  reason?: string | null;
}

const SENSITIVE = ['taxId', 'bankAccountNumber'] as const;

/** Bank data and tax ids are changed like everything else; that they need a second person is a policy's to say. */
export const changeAccount = operation({
  name: 'account.change',
  subject: 'Account',
  summary: 'Change the data of an account',
  policyFields: ['legalName', 'timeZone', ...SENSITIVE],
  lock: async (tx, input: ChangeAccountInput) => ({
    account: await tx.lock(Account, input.accountId),
    keys: tx.context.app.keys,
    zoneInDatabase: input.timeZone == null || (await isZoneInDatabase(tx, input.timeZone)),
  }),
  authorize: (may, { account }) => may('change', account),
  decide: ({ account, zoneInDatabase }, input) => {
    assertOpen(account);
    if (input.timeZone != null) assertZone(input.timeZone, zoneInDatabase);
    const plain = {
      ...(input.legalName != null &&
        input.legalName.trim() !== account.legalName && { legalName: input.legalName.trim() }),
      ...(input.timeZone != null && input.timeZone !== account.timeZone && { timeZone: input.timeZone }),
    };
    const sensitive = SENSITIVE.flatMap((field) => {
      const value = checkedValue(field, input[field]);
      return value === null ? [] : [{ field, value }];
    });
    if (Object.keys(plain).length + sensitive.length === 0)
      refuse('NOTHING_TO_CHANGE', 'Nothing was asked to be changed.');
    return { plain, sensitive };
  },
  save: (tx, { plain, sensitive }, { account, keys }) => {
    const sealed = sensitive.map(({ field, value }): [string, SensitiveValue] => [
      field,
      sealValue(keys, field, value, placeOf('Account', account.id, field)),
    ]);
    return tx.update(account, { ...plain, ...Object.fromEntries(sealed) });
  },
  record: ({ plain, sensitive }, { account }, { reason }) => ({
    action: 'account.changed',
    subjectId: account.id,
    changes: [
      ...Object.entries(plain).map(([path, after]) => ({ path, before: account[path as keyof typeof plain], after })),
      ...sensitive.map(({ field, value }) => ({
        path: field,
        before: account[field].masked,
        after: maskOf(field, value),
      })),
    ],
    reason: reason ?? null,
  }),
  facts: ({ sensitive }, { account }) => ({ accountId: account.id, risk: sensitive.length > 0 ? 'HIGH' : 'LOW' }),
});
