import { Arg, FieldResolver, ID, Query, Resolver } from 'type-graphql';
import { auditEventRead, content } from '../audit/event.read';
import { AuditEvent } from '../audit/event.type';
import { Ask, type Asked } from '../platform/asked';
import { column, extendRead, one } from '../platform/read';
import { DateTimeScalar } from '../platform/scalars';
import { sql } from '../platform/sql';
import { accessAt } from './access-at';
import { AuditAccess } from './access-at.type';
import { userRead } from './user.read';
import { User } from './user.type';

const nameOf = (row: string, of: string) => sql`(select u.name from app_user u where u.id = ${column(row, of)})`;

/** `Sue for Ben: invoice.voided. status: ISSUED → VOIDED. Reason: Billed twice` */
const summary = (row: string) => {
  const told = column(content.of(row), 'told');
  const changed = sql`(select string_agg(concat(c.value ->> 'path', ': ', coalesce(c.value ->> 'before', '–'), ' → ',
    coalesce(c.value ->> 'after', '–')), ', ' order by c.ordinality) from jsonb_array_elements(${told} -> 'changes') with ordinality c)`;
  return sql`concat(coalesce(${nameOf(row, 'actor_id')}, 'Nobody'), ' for ' || ${nameOf(row, 'on_behalf_of_id')}, ': ', ${column(row, 'action')},
    case ${column(row, 'outcome')} when 'REFUSED' then ' was refused' when 'FAILED' then ' failed' else '' end,
    ' (' || (${told} ->> 'code') || ')', '. ' || ${changed}, '. Reason: ' || (${told} ->> 'reason'))`;
};

extendRead(auditEventRead, {
  actor: one(() => userRead, 'actor_id'),
  onBehalfOf: one(() => userRead, 'on_behalf_of_id'),
  summary: { kind: 'value', expression: summary, from: content },
});

/** What the trail tells of people. */
@Resolver(() => AuditEvent)
export class TrailResolver {
  @FieldResolver(() => User, { nullable: true, description: 'Who did it; null when nobody was signed in.' })
  actor(): void {}

  @FieldResolver(() => User, { nullable: true, description: 'Whose change the actor carried out by approving it.' })
  onBehalfOf(): void {}

  @FieldResolver(() => String, {
    description: 'All of it in one line for people: who, what, what became of it, what changed and why.',
  })
  summary(): void {}

  @Query(() => [AuditAccess], {
    description: 'Who could see or change a row at an instant, by the grants of that instant and the row as it is now.',
  })
  auditAccess(
    @Arg('subjectType', { description: 'Its type: `Invoice`.' }) _subjectType: string,
    @Arg('subjectId', () => ID, { description: 'Its id.' }) _subjectId: string,
    @Arg('at', () => DateTimeScalar, { description: 'The instant.' }) _at: string,
    @Ask() asked: Asked,
  ) {
    return asked.worked(accessAt(asked.context, asked.reads));
  }
}
