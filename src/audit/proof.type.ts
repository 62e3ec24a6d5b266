import { Field, ID, Int, ObjectType } from 'type-graphql';
import { AuditCheckpoint } from './checkpoint.type';

@ObjectType({
  description:
    'Shows that an event is in the tree, to whoever has the event and a checkpoint: RFC 9162, section 2.1.3.',
})
export class AuditInclusionProof {
  @Field(() => ID, { description: 'Id of the event.' })
  eventId!: string;

  @Field(() => Int, { description: 'Its place in the tree, from 0.' })
  sequence!: number;

  @Field(() => Int, { description: 'How many events the tree has that it is shown to be in.' })
  size!: number;

  @Field({ description: 'The hash of its leaf, in hex: the event’s own.' })
  leafHash!: string;

  @Field(() => [String], { description: 'The hashes that lead from the leaf to the root, in hex, upwards.' })
  hashes!: string[];

  @Field({ description: 'Root of that tree, in hex: compare it with a checkpoint that you have.' })
  rootHash!: string;

  @Field(() => AuditCheckpoint, {
    nullable: true,
    description: 'The checkpoint of exactly that size, if one was signed.',
  })
  checkpoint!: AuditCheckpoint | null;
}

@ObjectType({
  description: 'Shows that a tree holds all that a smaller one held, at the same places: RFC 9162, section 2.1.4.',
})
export class AuditConsistencyProof {
  @Field(() => Int, { description: 'Events of the smaller tree.' })
  fromSize!: number;

  @Field(() => Int, { description: 'Events of the larger tree.' })
  toSize!: number;

  @Field(() => [String], { description: 'The hashes that both roots follow from, in hex.' })
  hashes!: string[];

  @Field({ description: 'Root of the smaller tree, in hex.' })
  fromRootHash!: string;

  @Field({ description: 'Root of the larger tree, in hex.' })
  toRootHash!: string;

  @Field(() => AuditCheckpoint, {
    nullable: true,
    description: 'The checkpoint of the smaller tree, if one was signed.',
  })
  from!: AuditCheckpoint | null;

  @Field(() => AuditCheckpoint, {
    nullable: true,
    description: 'The checkpoint of the larger tree, if one was signed.',
  })
  to!: AuditCheckpoint | null;
}
