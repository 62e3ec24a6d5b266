import { Length, Min } from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { Input } from '../platform/operation.type';

/** Names a change request exactly as it was seen. */
@InputType()
export abstract class SeenRequestInput extends Input {
  @Field(() => ID, { description: 'Id of the change request.' })
  id!: string;

  @Min(1)
  @Field(() => Int, { description: 'The revision that you saw.' })
  revision!: number;

  @Length(64, 64)
  @Field({ description: 'The digest that you saw.' })
  digest!: string;
}
