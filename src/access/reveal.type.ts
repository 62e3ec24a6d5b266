import { Field, ID, ObjectType } from 'type-graphql';
import { Outcome } from '../platform/operation.type';

@ObjectType({ description: 'A sensitive value, in the clear, for this once.' })
export class RevealSensitiveValuePayload {
  @Field(() => Outcome, { description: 'Carried out, or waiting for a second person.' })
  outcome!: Outcome;

  @Field(() => String, { nullable: true, description: 'The value; null while it waits.' })
  value!: string | null;
}

@ObjectType({ description: 'What has a sensitive value.' })
export class FindBySensitiveValuePayload {
  @Field(() => Outcome, { description: 'Carried out, or waiting for a second person.' })
  outcome!: Outcome;

  @Field(() => [ID], {
    nullable: true,
    description: 'Ids of what has it and you may see, at most 100; null while it waits.',
  })
  ids!: string[] | null;
}
