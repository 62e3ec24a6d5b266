import { IsOptional } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { Text } from '../platform/text';

@InputType({ description: 'Where somebody is reached by post. What is left out stays as it is.' })
export class AddressInput {
  @IsOptional()
  @Text(200)
  @Field(() => String, { nullable: true, description: 'Street and house.' })
  street?: string | null;

  @IsOptional()
  @Text(100)
  @Field(() => String, { nullable: true, description: 'City.' })
  city?: string | null;

  @IsOptional()
  @Text(20)
  @Field(() => String, { nullable: true, description: 'Postal code.' })
  postalCode?: string | null;

  @IsOptional()
  @Text(6)
  @Field(() => String, { nullable: true, description: 'State or the like, by ISO 3166-2: `IN-KA`.' })
  subdivision?: string | null;

  @IsOptional()
  @Text(2)
  @Field(() => String, { nullable: true, description: 'Country, by ISO 3166-1: `IN`.' })
  country?: string | null;
}

export const ADDRESS = ['street', 'city', 'postalCode', 'subdivision', 'country'] as const;

/** What is said of an address, and nothing of what is not. */
export const addressIn = (
  address: AddressInput | null | undefined,
): Partial<Record<(typeof ADDRESS)[number], string>> =>
  Object.fromEntries(ADDRESS.flatMap((field) => (address?.[field] == null ? [] : [[field, address[field].trim()]])));
