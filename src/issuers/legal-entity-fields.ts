import { IsOptional, Length, Matches, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { Field, InputType, Int } from 'type-graphql';
import { checkedValue } from '../access/sensitive-value';
import { isZone } from '../platform/business-time';
import { refuse } from '../platform/errors';
import { isIban } from '../platform/ibans';
import { Input } from '../platform/operation.type';
import { Text } from '../platform/text';
import { AddressInput, addressIn } from './address.type';
import type { LegalEntity } from './legal-entity.entity';
import { assertFormats } from './number-format.rules';
import { assertPlace } from './place.rules';

/** What may be said of a legal entity when it is opened, and changed later. */
@InputType()
export abstract class LegalEntityFields extends Input {
  @IsOptional()
  @ValidateNested()
  @Field(() => AddressInput, { nullable: true, description: 'Its registered address.' })
  address?: AddressInput | null;

  @IsOptional()
  @Length(1, 64)
  @Field(() => String, { nullable: true, description: 'Tax id: GSTIN, VAT number. Stands on its invoices.' })
  taxId?: string | null;

  @IsOptional()
  @Length(1, 254)
  @Field(() => String, { nullable: true, description: 'E-mail address that stands on its invoices.' })
  email?: string | null;

  @IsOptional()
  @MaxLength(42)
  @Field(() => String, { nullable: true, description: 'IBAN to pay to (ISO 13616).' })
  iban?: string | null;

  @IsOptional()
  @Matches(/^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$/)
  @Field(() => String, { nullable: true, description: 'BIC of its bank (ISO 9362).' })
  bic?: string | null;

  @IsOptional()
  @MaxLength(64)
  @Field(() => String, {
    nullable: true,
    description:
      'IANA zone of its books, whose days say which fiscal year it is; that of the installation unless told.',
  })
  timeZone?: string | null;

  @IsOptional()
  @Min(1)
  @Max(12)
  @Field(() => Int, {
    nullable: true,
    description: 'The month in which its fiscal years begin, 1 to 12; India’s begin in 4. January unless told.',
  })
  fiscalYearStartMonth?: number | null;

  @IsOptional()
  @Text(60)
  @Field(() => String, {
    nullable: true,
    description:
      'How its invoices are numbered: `INV-{FY}-{N:6}`. `{FY}` is the year in which the fiscal year begins, `{FY2}` its last two digits, `{FYFY}` those of both (`2627`); `{N}` the number, `{N:6}` with six digits at least.',
  })
  invoiceNumberFormat?: string | null;

  @IsOptional()
  @Text(60)
  @Field(() => String, { nullable: true, description: 'The same of its credit notes: `CN-{FY}-{N:6}`.' })
  creditNoteNumberFormat?: string | null;
}

type Said = Omit<LegalEntity, 'id' | 'version' | 'createdAt' | 'code'>;

const ALIKE = ['bic', 'timeZone', 'fiscalYearStartMonth', 'invoiceNumberFormat', 'creditNoteNumberFormat'] as const;

/** What an input says, in its normal form, and nothing of what it does not. Refuses SENSITIVE_VALUE_INVALID, IBAN_INVALID. */
export function saidIn(input: LegalEntityFields & { legalName?: string | null }): Partial<Said> {
  const iban = input.iban?.replace(/[\s-]/g, '').toUpperCase();
  if (iban !== undefined && !isIban(iban)) refuse('IBAN_INVALID', 'This is not an IBAN: ISO 13616.');
  const taxId = checkedValue('taxId', input.taxId);
  const email = checkedValue('email', input.email);
  return {
    ...(input.legalName != null && { legalName: input.legalName.trim() }),
    ...addressIn(input.address),
    ...(taxId !== null && { taxId }),
    ...(email !== null && { email }),
    ...(iban !== undefined && { iban }),
    ...Object.fromEntries(ALIKE.flatMap((field) => (input[field] == null ? [] : [[field, input[field]]]))),
  };
}

/** Refuses what could not issue: PLACE_UNKNOWN, ZONE_UNKNOWN, NUMBER_FORMAT_INVALID. `zoneInDatabase`: whether PostgreSQL knows it, too. */
export function assertLegalEntity(entity: Said, zoneInDatabase: boolean): void {
  assertPlace(entity);
  if (entity.timeZone !== null && !(isZone(entity.timeZone) && zoneInDatabase))
    refuse('ZONE_UNKNOWN', 'There is no such time zone in the IANA database.');
  assertFormats(entity);
}
