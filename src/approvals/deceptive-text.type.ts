import { Field, ObjectType, registerEnumType } from 'type-graphql';

export enum Deception {
  DIRECTION_MARK = 'DIRECTION_MARK',
  INVISIBLE = 'INVISIBLE',
  LOOK_ALIKE = 'LOOK_ALIKE',
  LOOKS_UNCHANGED = 'LOOKS_UNCHANGED',
}
registerEnumType(Deception, {
  name: 'Deception',
  description: 'How a text could deceive.',
  valuesConfig: {
    DIRECTION_MARK: { description: 'Marks turn the direction in which it is read.' },
    INVISIBLE: { description: 'It holds characters that leave no mark.' },
    LOOK_ALIKE: { description: 'A word of it has letters that look like those of another script.' },
    LOOKS_UNCHANGED: { description: 'It differs from what was there before, and looks the same.' },
  },
});

@ObjectType({ description: 'A text that could deceive whoever reads it.' })
export class DeceptiveText {
  @Field({ description: 'The field of the change that it stands in, or `reason`.' })
  path!: string;

  @Field({ description: 'On which side of the change: `before` or `after`.' })
  side!: string;

  @Field({
    description:
      'The text with a mark such as ⟨U+202E⟩ in place of what leaves none, and behind letters of another script.',
  })
  visible!: string;

  @Field(() => [Deception], { description: 'How it could deceive.' })
  kinds!: Deception[];
}
