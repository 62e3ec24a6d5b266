import { IsOptional, Length, MaxLength, ValidateNested } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { maskOf } from '../platform/masks';
import { placeOf } from '../access/reveal-sensitive-value';
import { checkedValue, sealValue, type SensitiveValue } from '../access/sensitive-value';
import { ADDRESS, AddressInput, addressIn } from '../issuers/address.type';
import { legalEntityOf } from '../issuers/legal-entity-of';
import { assertPlace } from '../issuers/place.rules';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { Account } from './account.entity';
import { isZoneInDatabase } from '../platform/zone-in-database';
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
  @ValidateNested()
  @Field(() => AddressInput, {
    nullable: true,
    description: 'Postal address. Its country and subdivision say which taxes are due.',
  })
  address?: AddressInput | null;

  @IsOptional()
  @Text(200)
  @Field(() => String, { nullable: true, description: 'What the client wants to read on its invoices.' })
  buyerReference?: string | null;

  @IsOptional()
  @Length(1, 254)
  @Field(() => String, { nullable: true, description: 'Where its invoices go to. Kept encrypted, shown masked.' })
  email?: string | null;

  @Field(() => ID, { nullable: true, description: 'Who bills it from now on; drafts stay with who drafted them.' })
  legalEntityId?: string | null;

  @IsOptional()
  @MaxLength(500)
  @Field(() => String, { nullable: true, description: 'Why, for the approver and the trail.' })
  reason?: string | null;
}

const SENSITIVE = ['taxId', 'bankAccountNumber', 'email'] as const;

/** Bank data and tax ids are changed like everything else; that they need a second person is a policy's to say. */
export const changeAccount = operation({
  name: 'account.change',
  subject: 'Account',
  summary: 'Change the data of an account',
  policyFields: ['legalName', 'timeZone', ...ADDRESS, 'buyerReference', 'legalEntityId', ...SENSITIVE],
  lock: async (tx, input: ChangeAccountInput) => ({
    account: await tx.lock(Account, input.accountId),
    keys: tx.context.app.keys,
    zoneInDatabase: input.timeZone == null || (await isZoneInDatabase(tx, input.timeZone)),
    legalEntityId: input.legalEntityId == null ? null : await legalEntityOf(tx, input.legalEntityId),
  }),
  authorize: (may, { account }) => may('change', account),
  decide: ({ account, zoneInDatabase, legalEntityId }, input) => {
    assertOpen(account);
    if (input.timeZone != null) assertZone(input.timeZone, zoneInDatabase);
    const { legalName, timeZone, buyerReference } = input;
    const said: Partial<Account> = {
      ...(legalName != null && { legalName: legalName.trim() }),
      ...(timeZone != null && { timeZone }),
      ...addressIn(input.address),
      ...(buyerReference != null && { buyerReference: buyerReference.trim() }),
      ...(legalEntityId !== null && { legalEntityId }),
    };
    assertPlace(Object.assign({}, account, said));
    const plain = Object.fromEntries(
      Object.entries(said).filter(([field, value]) => value !== account[field as keyof Account]),
    ) as Partial<Account>;
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
      ...Object.entries(plain).map(([path, after]) => ({ path, before: account[path as keyof Account], after })),
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
