import { Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionOf } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';

@ObjectType({
  description:
    'A signed head of the tree over the trail (RFC 9162, C2SP tlog-checkpoint): it vouches for every event before it.',
})
export class AuditCheckpoint {
  @Field(() => ID, { description: 'Id of the checkpoint.' })
  id!: string;

  @Field(() => Int, { description: 'How many events the tree has.' })
  size!: number;

  @Field({ description: 'Root of the tree, in hex.' })
  rootHash!: string;

  @Field({ description: 'The signed note (C2SP signed-note): keep a copy outside of this house.' })
  note!: string;

  @Field(() => DateTimeScalar, { description: 'When it was signed.' })
  at!: string;
}

export const AuditCheckpointConnection = connectionOf(() => AuditCheckpoint, 'AuditCheckpoint');
