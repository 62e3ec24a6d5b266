import { Arg, Args, ID, Int, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import { PageArgs } from '../platform/pagination';
import { auditCheckpointRead } from './checkpoint.read';
import { AuditCheckpointConnection } from './checkpoint.type';
import { consistencyProof, inclusionProof } from './find-proof';
import { AuditConsistencyProof, AuditInclusionProof } from './proof.type';

const SIZE = 'How many events the tree has: that of the latest checkpoint, unless told.';

@Resolver()
export class AuditCheckpointResolver {
  @Query(() => AuditCheckpointConnection, { description: 'Signed heads of the trail, latest first.' })
  auditCheckpoints(@Args(() => PageArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(auditCheckpointRead);
  }

  @Query(() => AuditInclusionProof, { description: 'Proof that an event is in the tree.' })
  auditInclusionProof(
    @Arg('eventId', () => ID, { description: 'Id of the event.' }) _eventId: string,
    @Arg('size', () => Int, { nullable: true, description: SIZE }) _size: number | null,
    @Ask() asked: Asked,
  ) {
    return asked.worked(inclusionProof(asked.context));
  }

  @Query(() => AuditConsistencyProof, { description: 'Proof that one tree is the beginning of another.' })
  auditConsistencyProof(
    @Arg('fromSize', () => Int, { description: 'Events of the smaller tree.' }) _fromSize: number,
    @Arg('toSize', () => Int, { description: 'Events of the larger tree.' }) _toSize: number,
    @Ask() asked: Asked,
  ) {
    return asked.worked(consistencyProof(asked.context));
  }
}
