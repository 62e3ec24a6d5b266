import { IsOptional, Length, Min } from 'class-validator';
import { Field, InputType, Int, registerEnumType } from 'type-graphql';

export enum Outcome {
  DONE = 'DONE',
  AWAITING_APPROVAL = 'AWAITING_APPROVAL',
}
registerEnumType(Outcome, {
  name: 'Outcome',
  description: 'What became of a mutation: carried out, or waiting for a second person.',
  valuesConfig: {
    DONE: { description: 'Carried out.' },
    AWAITING_APPROVAL: { description: 'Stored as a change request; somebody else has to approve it.' },
  },
});

/** What every input of an operation has. */
@InputType()
export abstract class Input {
  @IsOptional()
  @Length(1, 200)
  @Field(() => String, {
    nullable: true,
    description:
      'A key of your own choice, 1 to 200 characters. The same key with the same input is carried out once and answered alike; with another input it is refused (IDEMPOTENCY_KEY_REUSED).',
  })
  idempotencyKey?: string | null;
}

/** What every input that changes a row has. */
@InputType()
export abstract class ChangeInput extends Input {
  @IsOptional()
  @Min(1)
  @Field(() => Int, {
    nullable: true,
    description: 'The version that you saw; if the row has moved on, nothing is done (VERSION_CONFLICT).',
  })
  expectedVersion?: number | null;
}
