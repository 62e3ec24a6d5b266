import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ChangeRequest } from '../approvals/change-request.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';

@ObjectType({ description: 'Who issues invoices and credit notes. What it says of itself stands on them.' })
export class LegalEntity {
  @Field(() => ID, { description: 'Id of the legal entity.' })
  id!: string;

  @Field({ description: 'Short code for people, unique.' })
  code!: string;

  @Field({ description: 'Name as registered.' })
  legalName!: string;

  @Field(() => String, { nullable: true, description: 'Tax id: GSTIN, VAT number.' })
  taxId!: string | null;

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

  @Field(() => String, { nullable: true, description: 'E-mail address that stands on its invoices.' })
  email!: string | null;

  @Field(() => String, { nullable: true, description: 'IBAN to pay to.' })
  iban!: string | null;

  @Field(() => String, { nullable: true, description: 'BIC of its bank.' })
  bic!: string | null;

  @Field(() => String, { nullable: true, description: 'IANA zone of its books; null: that of the installation.' })
  timeZone!: string | null;

  @Field(() => Int, { description: 'The month in which its fiscal years begin, 1 to 12.' })
  fiscalYearStartMonth!: number;

  @Field({ description: 'How its invoices are numbered from now on.' })
  invoiceNumberFormat!: string;

  @Field({ description: 'How its credit notes are numbered from now on.' })
  creditNoteNumberFormat!: string;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => DateTimeScalar, { description: 'When it was opened.' })
  createdAt!: string;

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which legal entities: all that is given must hold.' })
export class LegalEntityFilter {
  @Field(() => String, { nullable: true, description: 'With exactly this code.' })
  code?: string | null;

  @Field(() => String, { nullable: true, description: 'Whose code or name contains this, whatever its case.' })
  search?: string | null;
}

export const LegalEntityOrder = orderEnum('LegalEntityOrder', ['CODE', 'CREATED_AT']);
export const LegalEntityConnection = connectionOf(() => LegalEntity, 'LegalEntity');
export const LegalEntitiesArgs = connectionArgs(LegalEntityFilter, LegalEntityOrder);
