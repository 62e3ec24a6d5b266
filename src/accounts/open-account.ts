import { IsOptional, Length, MaxLength } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { maskOf } from '../platform/masks';
import { placeOf } from '../access/reveal-sensitive-value';
import { checkedValue, sealValue } from '../access/sensitive-value';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Code, Text } from '../platform/text';
import { Account } from './account.entity';
import { isZoneInDatabase } from './zone-in-database';
import { assertCurrencyAndZone } from './account.rules';

@InputType({ description: 'A client company to open an account for.' })
export class OpenAccountInput extends Input {
  @Code()
  @Field({ description: 'Short code, unique: letters, digits, and `-`, `_` or `.` behind the first; at most 40.' })
  code!: string;

  @Text(200)
  @Field({ description: 'Name as registered.' })
  legalName!: string;

  @Length(3, 3)
  @Field({ description: 'ISO 4217 code of the currency that it is billed in.' })
  currency!: string;

  @MaxLength(64)
  @Field({ description: 'IANA time zone that its business dates belong to: `Asia/Kolkata`.' })
  timeZone!: string;

  @IsOptional()
  @Length(1, 64)
  @Field(() => String, { nullable: true, description: 'Tax id. Kept encrypted, shown masked.' })
  taxId?: string | null;

  @IsOptional()
  @Length(1, 64)
  @Field(() => String, { nullable: true, description: 'Bank account number or IBAN. Kept encrypted, shown masked.' })
  bankAccountNumber?: string | null;
}

export const openAccount = operation({
  name: 'account.open',
  subject: 'Account',
  summary: 'Open an account for a client company',
  lock: async (tx, { timeZone }: OpenAccountInput) => ({
    keys: tx.context.app.keys,
    zoneInDatabase: await isZoneInDatabase(tx, timeZone),
  }),
  authorize: (may) => may.create('open', 'Account'),
  decide: ({ zoneInDatabase }, { code, legalName, currency, timeZone, taxId, bankAccountNumber }, { newId }) => {
    assertCurrencyAndZone(currency, timeZone, zoneInDatabase);
    return {
      account: {
        id: newId(),
        code,
        legalName: legalName.trim(),
        status: 'OPEN' as const,
        currency,
        timeZone,
        closedAt: null,
      },
      taxId: checkedValue('taxId', taxId),
      bankAccountNumber: checkedValue('bankAccountNumber', bankAccountNumber),
    };
  },
  save: (tx, { account, taxId, bankAccountNumber }, { keys }) =>
    tx.insert(Account, {
      ...account,
      taxId: sealValue(keys, 'taxId', taxId, placeOf('Account', account.id, 'taxId')),
      bankAccountNumber: sealValue(
        keys,
        'bankAccountNumber',
        bankAccountNumber,
        placeOf('Account', account.id, 'bankAccountNumber'),
      ),
    } as Account),
  record: ({ account, taxId, bankAccountNumber }) => ({
    action: 'account.opened',
    subjectId: account.id,
    changes: [
      ...(['code', 'legalName', 'currency', 'timeZone', 'status'] as const).map((path) => ({
        path,
        before: null,
        after: account[path],
      })),
      { path: 'taxId', before: null, after: taxId && maskOf('taxId', taxId) },
      {
        path: 'bankAccountNumber',
        before: null,
        after: bankAccountNumber && maskOf('bankAccountNumber', bankAccountNumber),
      },
    ],
  }),
  facts: () => ({ accountId: null }),
});
