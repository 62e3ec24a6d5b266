import { Arg, Args, ID, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { auditEventRead } from './event.read';
import { AuditEvent, AuditEventConnection, AuditEventsArgs } from './event.type';

@Resolver()
export class AuditEventResolver {
  @Query(() => AuditEventConnection, {
    description: 'The trail, latest first unless told. For auditors and compliance.',
  })
  auditEvents(@Args(() => AuditEventsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(auditEventRead);
  }

  @Query(() => AuditEvent, { nullable: true, description: 'One entry of the trail.' })
  auditEvent(@Arg('id', () => ID, { description: 'Id of the event.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(auditEventRead);
  }
}
