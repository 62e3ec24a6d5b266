import { Field, ObjectType } from 'type-graphql';
import type { FieldChange as Change } from './operation';
import { JsonScalar } from './scalars';

@ObjectType({ description: 'One field that changed or would change. Sensitive values are masked.' })
export class FieldChange implements Change {
  @Field({ description: 'The field, with dots into its parts: `customer.email`.' })
  path!: string;

  @Field(() => JsonScalar, { nullable: true, description: 'Its value before; null when there was none.' })
  before!: unknown;

  @Field(() => JsonScalar, { nullable: true, description: 'Its value afterwards; null when there is none.' })
  after!: unknown;
}
