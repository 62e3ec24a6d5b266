import { Field, ObjectType } from 'type-graphql';

@ObjectType({ description: 'What somebody could do about a row at an instant, by the roles that they had then.' })
export class AuditAccess {
  @Field({ description: 'Id of the user.' })
  userId!: string;

  @Field({ description: 'Their name.' })
  name!: string;

  @Field(() => [String], { description: 'The roles that they held at that instant.' })
  roles!: string[];

  @Field({ description: 'Whether they could see it, sensitive values masked.' })
  couldSee!: boolean;

  @Field(() => [String], {
    description:
      'What else they were allowed: verbs, as in the names of operations. Some of it also needed a second person.',
  })
  couldDo!: string[];
}
