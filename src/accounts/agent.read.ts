import { pendingChanges } from '../approvals/change-request.read';
import {
  CODE,
  column,
  contains,
  declareRead,
  idOrNothing,
  list,
  one,
  plains,
  tokens,
  type Viewing,
} from '../platform/read';
import { reachedThrough } from '../platform/scope';
import { sql } from '../platform/sql';
import { lobRead } from './lob.read';

/** Today in the zone of the account that the LOB of an assignment belongs to. */
const today = (assignment: string, { now }: Viewing) =>
  sql`(select (${now}::timestamptz at time zone a.time_zone)::date from lob l join account a on a.id = l.account_id where l.id = ${column(assignment, 'lob_id')})`;

/** Assignments of today. */
const current = (assignment: string, viewing: Viewing) =>
  sql`daterange(${column(assignment, 'starts_on')}, ${column(assignment, 'ends_on')}) @> ${today(assignment, viewing)}`;

export const agentRead = declareRead('Agent', {
  table: 'agent',
  fields: {
    ...plains('id', 'name', 'hiredOn', 'version'),
    ...tokens('code'),
    assignments: list(() => assignmentRead, 'agent_id', 'starts_on, id'),
    currentLob: {
      kind: 'one',
      read: () => lobRead,
      on: (lob, agent, viewing) =>
        sql`${column(lob, 'id')} in (select s.lob_id from assignment s where s.agent_id = ${column(agent, 'id')} and ${current('s', viewing)})`,
    },
    pendingChanges: pendingChanges('Agent'),
  },
  filters: {
    search: contains('code', 'name'),
    lobId: (row, lobId, viewing) =>
      sql`exists (select from assignment s where s.agent_id = ${column(row, 'id')} and s.lob_id = ${idOrNothing(lobId)}::uuid and ${current('s', viewing)})`,
    free: (row, free, viewing) =>
      sql`${free}::boolean <> exists (select from assignment s where s.agent_id = ${column(row, 'id')} and ${current('s', viewing)})`,
  },
  orders: { CODE, NAME: { column: 'name', type: 'text' } },
  defaultOrder: 'CODE_ASC',
});

export const assignmentRead = declareRead('Assignment', {
  table: 'assignment',
  fields: {
    pendingChanges: pendingChanges('Assignment'),
    ...plains('id', 'startsOn', 'endsOn', 'endReason', 'version'),
    agent: one(() => agentRead, 'agent_id'),
    lob: one(() => lobRead, 'lob_id'),
  },
});

/** An agent belongs to the accounts and LOBs that they work or worked for. */
reachedThrough(
  'Agent',
  'accountId',
  (row, id) =>
    sql`${column(row, 'id')} in (select s.agent_id from assignment s join lob l on l.id = s.lob_id where l.account_id = ${id}::uuid)`,
);
reachedThrough(
  'Agent',
  'lobId',
  (row, id) => sql`${column(row, 'id')} in (select s.agent_id from assignment s where s.lob_id = ${id}::uuid)`,
);
reachedThrough(
  'Assignment',
  'accountId',
  (row, id) => sql`${column(row, 'lob_id')} in (select l.id from lob l where l.account_id = ${id}::uuid)`,
);
