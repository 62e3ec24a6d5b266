import { IsOptional, Length, MaxLength, ValidateNested } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { maskOf } from '../platform/masks';
import { placeOf } from '../access/reveal-sensitive-value';
import { checkedValue, sealValue } from '../access/sensitive-value';
import { ADDRESS, AddressInput, addressIn } from '../issuers/address.type';
import { MAIN_LEGAL_ENTITY_ID } from '../issuers/legal-entity.entity';
import { legalEntityOf } from '../issuers/legal-entity-of';
import { assertPlace } from '../issuers/place.rules';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Code, Text } from '../platform/text';
import { Account } from './account.entity';
import { isZoneInDatabase } from '../platform/zone-in-database';
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

  @Field(() => ID, { nullable: true, description: 'Who bills it; the main legal entity unless told.' })
  legalEntityId?: string | null;
}

const NO_ADDRESS = { street: null, city: null, postalCode: null, subdivision: null, country: null };
const SENSITIVE = ['taxId', 'bankAccountNumber', 'email'] as const;

export const openAccount = operation({
  name: 'account.open',
  subject: 'Account',
  summary: 'Open an account for a client company',
  lock: async (tx, { timeZone, legalEntityId }: OpenAccountInput) => ({
    keys: tx.context.app.keys,
    zoneInDatabase: await isZoneInDatabase(tx, timeZone),
    legalEntityId: await legalEntityOf(tx, legalEntityId ?? MAIN_LEGAL_ENTITY_ID),
  }),
  authorize: (may) => may.create('open', 'Account'),
  decide: ({ zoneInDatabase, legalEntityId }, input, { newId }) => {
    const { code, currency, timeZone } = input;
    assertCurrencyAndZone(currency, timeZone, zoneInDatabase);
    const address = { ...NO_ADDRESS, ...addressIn(input.address) };
    assertPlace(address);
    return {
      account: {
        id: newId(),
        code,
        currency,
        timeZone,
        legalEntityId,
        legalName: input.legalName.trim(),
        status: 'OPEN' as const,
        ...address,
        buyerReference: input.buyerReference?.trim() ?? null,
        closedAt: null,
      },
      sensitive: SENSITIVE.map((field) => ({ field, value: checkedValue(field, input[field]) })),
    };
  },
  save: (tx, { account, sensitive }, { keys }) =>
    tx.insert(Account, {
      ...account,
      ...Object.fromEntries(
        sensitive.map(({ field, value }) => [
          field,
          sealValue(keys, field, value, placeOf('Account', account.id, field)),
        ]),
      ),
    } as Account),
  record: ({ account, sensitive }) => ({
    action: 'account.opened',
    subjectId: account.id,
    changes: [
      ...(['code', 'legalName', 'currency', 'timeZone', 'status'] as const).map((path) => ({
        path,
        before: null,
        after: account[path],
      })),
      ...([...ADDRESS, 'buyerReference'] as const)
        .filter((path) => account[path] !== null)
        .map((path) => ({ path, before: null, after: account[path] })),
      ...(account.legalEntityId === MAIN_LEGAL_ENTITY_ID
        ? []
        : [{ path: 'legalEntity', before: null, after: account.legalEntityId }]),
      ...sensitive
        .filter(({ field, value }) => field !== 'email' || value !== null)
        .map(({ field, value }) => ({ path: field, before: null, after: value && maskOf(field, value) })),
    ],
  }),
  facts: () => ({ accountId: null }),
});
