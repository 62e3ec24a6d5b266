import type { Answer, ApiClient, TestApp } from './app';
import type { CastName } from './cast';

/** Everything that an operation may change; the trail is looked at by itself. */
const TABLES = [
  'app_user',
  'role_grant',
  'api_key',
  'second_factor',
  'password_token',
  'duty_exception',
  'access_review',
  'access_review_item',
  'legal_entity',
  'number_series',
  'document_number',
  'tax_rule',
  'account',
  'lob',
  'agent',
  'assignment',
  'approval_policy',
  'change_request',
  'change_request_revision',
  'decision',
  'delegation',
  'reveal_allowance',
  'approval_limit',
  'exchange_rate',
  'finding',
  'idempotency_key',
  'webhook',
  'outbox_message',
  'webhook_delivery',
  'agreement',
  'agreement_version',
  'agreement_rate',
  'usage_ledger',
  'usage_source',
  'usage_import',
  'usage_rejection',
  'call_key',
  'call_record',
  'usage_day',
  'usage_quantity',
  'billing_run',
  'billing_run_account',
  'invoice',
  'invoice_line',
  'invoice_cycle',
  'usage_cut',
  'invoice_tax',
  'invoice_objection',
  'credit_note',
  'credit_note_line',
  'credit_note_tax',
  'dispute',
  'dispute_item',
  'complaint',
] as const;

/** Of every table how many rows it has, and a digest of all that stands in them: two that are equal say that nothing changed. */
export async function stateOf(t: TestApp): Promise<Record<string, string>> {
  const parts = TABLES.map(
    (table) =>
      `SELECT '${table}' AS name, count(*) || ' rows, ' || coalesce(md5(string_agg(r::text, '|' ORDER BY r::text)), '') AS state FROM ${table} r`,
  );
  const rows = await t.sql<{ name: string; state: string }>(`${parts.join(' UNION ALL ')} ORDER BY name`);
  return Object.fromEntries(rows.map(({ name, state }) => [name, state]));
}

/** The events that some work leaves, oldest first, with what the work answered. */
export async function eventsOf<T>(
  t: TestApp,
  work: () => Promise<T>,
): Promise<{ answer: T; events: Record<string, any>[] }> {
  const [last] = await t.sql<{ id: string }>('SELECT id FROM audit.event ORDER BY id DESC LIMIT 1');
  const answer = await work();
  const rows = await t.sql<{ content: Buffer }>('SELECT content FROM audit.told WHERE id > $1 ORDER BY id', [
    last?.id ?? '00000000-0000-0000-0000-000000000000',
  ]);
  return { answer, events: rows.map(({ content }) => JSON.parse(content.toString('utf8')) as Record<string, any>) };
}

export interface Refusal {
  as: CastName | 'nobody';
  mutation: string;
  /** Name of the operation, as the trail has it. */
  operation: string;
  input: object;
  code: string;
  /** What else the answer's first error says under `details`. */
  details?: Record<string, unknown>;
}

export const clientOf = (t: TestApp, who: CastName | 'nobody'): ApiClient => (who === 'nobody' ? t.nobody : t.as(who));

/** Expects a refusal: its code, nothing changed anywhere, and one event that says who was refused what and why. */
export async function expectRefused(
  t: TestApp,
  { as, mutation, operation, input, code, details }: Refusal,
): Promise<Answer> {
  const before = await stateOf(t);
  const { answer, events } = await eventsOf(t, () => clientOf(t, as).mutate(mutation, input, 'outcome'));
  expect({ code: answer.code, data: answer.payload ?? null }).toEqual({ code, data: null });
  if (details) expect(answer.errors[0]!.extensions.details).toMatchObject(details);
  expect(await stateOf(t)).toEqual(before);
  expect(
    events.map(({ outcome, code: told, actor, action, changes }) => ({ outcome, code: told, actor, action, changes })),
  ).toEqual([
    {
      outcome: 'REFUSED',
      code,
      actor: as === 'nobody' ? null : t.as(as).userId,
      action: expect.stringMatching(new RegExp(`^(${operation.replace('.', '\\.')}|Mutation\\.${mutation})$`)),
      changes: [],
    },
  ]);
  return answer;
}

export interface Waiting {
  id: string;
  revision: number;
  digest: string;
}

/** Proposes what waits for a second person. */
export async function proposed(t: TestApp, who: CastName, mutation: string, input: object): Promise<Waiting> {
  const { payload, errors } = await t.as(who).mutate(mutation, input, 'outcome changeRequest { id revision digest }');
  expect(errors).toEqual([]);
  expect(payload.outcome).toBe('AWAITING_APPROVAL');
  return payload.changeRequest as Waiting;
}

export const approve = (t: TestApp, { id, revision, digest }: Waiting, by: CastName = 'supervisor') =>
  t.as(by).mutate('approveChangeRequest', { id, revision, digest }, 'outcome changeRequest { id status failureCode }');

/** Proposes, has somebody else approve, and returns what carrying it out made: ids by name. */
export async function countersigned(
  t: TestApp,
  who: CastName,
  mutation: string,
  input: object,
  by: CastName = 'supervisor',
) {
  const request = await proposed(t, who, mutation, input);
  const { errors, payload } = await approve(t, request, by);
  expect(errors).toEqual([]);
  expect(payload.changeRequest.status).toBe('EXECUTED');
  const [row] = await t.sql<{ result: Record<string, any> }>('SELECT result FROM change_request WHERE id = $1', [
    request.id,
  ]);
  return { request, result: row!.result };
}

/** Lets an operation through without a second person while some work is done, to look at it alone. */
export async function withoutPolicy<T>(t: TestApp, operation: string, work: () => Promise<T>): Promise<T> {
  const set = (active: boolean) =>
    t.sql('UPDATE approval_policy SET active = $2 WHERE operation = $1', [operation, active]);
  await set(false);
  try {
    return await work();
  } finally {
    await set(true);
  }
}

/** How often each came: 'DONE', 'AWAITING_APPROVAL', or the code of a refusal. */
export function tally(answers: readonly (Answer & { payload?: any })[], mutation?: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) {
    const outcome =
      answer.code ?? answer.payload?.outcome ?? answer.data?.[mutation ?? '']?.outcome ?? `status ${answer.status}`;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

export const rowOf = async (t: TestApp, table: string, id: string): Promise<Record<string, any>> =>
  (await t.sql(`SELECT * FROM ${table} WHERE id = $1`, [id]))[0]!;

/** An id that nobody has. */
export const NOBODYS_ID = '01890000-0000-7000-8000-000000000000';

/** What is there of events, for a table of them: who did what for whom. */
export const told = (events: readonly Record<string, any>[]) =>
  events.map(({ action, outcome, actor, onBehalfOf, subject, reason }) => ({
    action,
    outcome,
    actor,
    onBehalfOf,
    subject,
    reason,
  }));

/** The same answer, so many times. */
export const times = <T>(count: number, answer: T): T[] => Array.from({ length: count }, () => answer);
