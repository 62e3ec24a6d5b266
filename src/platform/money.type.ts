import { Length, Matches, MaxLength } from 'class-validator';
import { Field, InputType, ObjectType } from 'type-graphql';
import { DecimalScalar } from './scalars';

@ObjectType({ description: 'An exact amount of money.' })
export class Money {
  @Field(() => DecimalScalar, { description: 'The amount in major units, with all decimals of its currency: "12.30".' })
  amount!: string;

  @Field({ description: 'ISO 4217 code: "INR".' })
  currency!: string;
}

@InputType({ description: 'An exact amount of money.' })
export class MoneyInput {
  @MaxLength(32)
  @Field(() => DecimalScalar, {
    description: 'The amount in major units, with at most the decimals of its currency: "12.30".',
  })
  amount!: string;

  @Length(3, 3)
  @Matches(/^[A-Z]{3}$/)
  @Field({ description: 'ISO 4217 code: "INR".' })
  currency!: string;
}
