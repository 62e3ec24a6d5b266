import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { ChangeRequest } from '../approvals/change-request.type';
import { LegalEntity } from '../issuers/legal-entity.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';

export enum AccountStatus {
  OPEN = 'OPEN',
  CLOSED = 'CLOSED',
}
registerEnumType(AccountStatus, {
  name: 'AccountStatus',
  description: 'Whether an account or a line of business is in use.',
  valuesConfig: { OPEN: { description: 'In use.' }, CLOSED: { description: 'Closed; kept for its history.' } },
});

@ObjectType({ description: 'A client company.' })
export class Account {
  @Field(() => ID, { description: 'Id of the account.' })
  id!: string;

  @Field({ description: 'Short code for people, unique.' })
  code!: string;

  @Field({ description: 'Name as registered.' })
  legalName!: string;

  @Field(() => AccountStatus, { description: 'Whether it is open.' })
  status!: AccountStatus;

  @Field({ description: 'ISO 4217 code of the currency that it is billed in.' })
  currency!: string;

  @Field({ description: 'IANA time zone that its business dates belong to.' })
  timeZone!: string;

  @Field(() => LegalEntity, { description: 'Who bills it.' })
  legalEntity!: LegalEntity;

  @Field(() => String, { nullable: true, description: 'Street and house.' })
  street!: string | null;

  @Field(() => String, { nullable: true, description: 'City.' })
  city!: string | null;

  @Field(() => String, { nullable: true, description: 'Postal code.' })
  postalCode!: string | null;

  @Field(() => String, { nullable: true, description: 'State or the like, by ISO 3166-2.' })
  subdivision!: string | null;

  @Field(() => String, { nullable: true, description: 'Country, by ISO 3166-1.' })
  country!: string | null;

  @Field(() => String, { nullable: true, description: 'What it wants to read on its invoices.' })
  buyerReference!: string | null;

  @Field(() => String, { nullable: true, description: 'Where its invoices go to, masked. See revealSensitiveValue.' })
  email!: string | null;

  @Field(() => String, { nullable: true, description: 'Tax id, masked. See revealSensitiveValue.' })
  taxId!: string | null;

  @Field(() => String, { nullable: true, description: 'Bank account number, masked. See revealSensitiveValue.' })
  bankAccountNumber!: string | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => DateTimeScalar, { description: 'When it was opened.' })
  createdAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was closed.' })
  closedAt!: string | null;

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which accounts: all that is given must hold.' })
export class AccountFilter {
  @Field(() => String, { nullable: true, description: 'With exactly this code.' })
  code?: string | null;

  @Field(() => String, { nullable: true, description: 'Whose code or name contains this, whatever its case.' })
  search?: string | null;

  @Field(() => AccountStatus, { nullable: true, description: 'Whether they are open.' })
  status?: AccountStatus | null;

  @Field(() => String, { nullable: true, description: 'Billed in this currency.' })
  currency?: string | null;
}

export const AccountOrder = orderEnum('AccountOrder', ['CODE', 'LEGAL_NAME', 'CREATED_AT']);
export const AccountConnection = connectionOf(() => Account, 'Account');
export const AccountsArgs = connectionArgs(AccountFilter, AccountOrder);
