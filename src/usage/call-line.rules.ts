import { callTimes, type CallTimes, type ToInstant, type Wrong } from './call-times.rules';

/** What a line may say, by name. Empty is not said. */
export const FIELDS = [
  'sourceId',
  'lob',
  'service',
  'agent',
  'date',
  'startedAt',
  'answeredAt',
  'endedAt',
  'waitSeconds',
  'talkSeconds',
  'outcome',
  'resolved',
  'kind',
  'corrects',
] as const;
export type FieldName = (typeof FIELDS)[number];
export type Said = { [name in FieldName]?: string };

export const KINDS = ['CALL', 'CORRECTION', 'REVERSAL'] as const;
export const OUTCOMES = ['HANDLED', 'ABANDONED', 'VOICEMAIL', 'SELF_SERVED', 'TRANSFERRED', 'FAILED'] as const;
/** What was odd about a line that made a record all the same. */
export const FLAGS = ['TIMES_MISFIT', 'ZERO_TALK', 'TALK_UNHANDLED', 'AGENT_UNKNOWN'] as const;

export interface Call extends Omit<CallTimes, 'misfit'> {
  sourceId: string;
  lobId: string;
  service: string | null;
  agentId: string | null;
  agentCode: string | null;
  outcome: string;
  resolved: boolean | null;
  kind: string;
  corrects: string | null;
  flags: string[];
}

/** What codes stand for, and since when. */
export interface Codes {
  now: number;
  /** The account's lines of business by code, with the instant at which one closed. */
  lobs: ReadonlyMap<string, { id: string; closedAt: number | null }>;
  /** Ids of agents by code. */
  agents: ReadonlyMap<string, string>;
}

/** What lines are judged by. */
export interface Terms extends Codes {
  toInstant: ToInstant;
}

/** Why a line makes no record; docs/ERRORS.md lists them. */
export type Judgement = Call | Wrong;
export const isCall = (judged: Judgement): judged is Call => 'sourceId' in judged;

/** Characters of each that is a text. */
const LONGEST = { sourceId: 200, lob: 40, service: 100, agent: 100, corrects: 200 } as const;
const YES = /^(true|yes|y|1)$/i;
const NO = /^(false|no|n|0)$/i;

const oneOf = (list: readonly string[], text: string): string | null => {
  if (list.includes(text)) return text;
  const found = text.toUpperCase();
  return list.includes(found) ? found : null;
};

const wrong = (code: string, field: FieldName): Wrong => ({ code, field });

const isLonger = (text: string | undefined, than: number): boolean => text !== undefined && text.length > than;

/** By name, not in a loop: this is asked of each of millions of lines. */
function tooLongIn({ sourceId, lob, service, agent, corrects }: Said): keyof typeof LONGEST | null {
  if (isLonger(sourceId, LONGEST.sourceId)) return 'sourceId';
  if (isLonger(lob, LONGEST.lob)) return 'lob';
  if (isLonger(service, LONGEST.service)) return 'service';
  if (isLonger(agent, LONGEST.agent)) return 'agent';
  return isLonger(corrects, LONGEST.corrects) ? 'corrects' : null;
}

/** What a line comes to: a call, or why not. Pure, so that the same line comes to the same whenever and wherever it is repeated. */
export function judge(said: Said, terms: Terms): Judgement {
  const tooLong = tooLongIn(said);
  if (tooLong) return wrong('FIELD_TOO_LONG', tooLong);
  if (said.sourceId === undefined) return wrong('FIELD_MISSING', 'sourceId');
  if (said.lob === undefined) return wrong('FIELD_MISSING', 'lob');
  const kind =
    said.kind === undefined ? (said.corrects === undefined ? 'CALL' : 'CORRECTION') : oneOf(KINDS, said.kind);
  if (kind === null) return wrong('KIND_UNKNOWN', 'kind');
  if ((kind === 'CALL') !== (said.corrects === undefined)) return wrong('CORRECTION_INVALID', 'corrects');
  if (said.corrects === said.sourceId) return wrong('CORRECTION_INVALID', 'corrects');
  const resolved = said.resolved === undefined ? null : YES.test(said.resolved);
  if (resolved === false && !NO.test(said.resolved!)) return wrong('RESOLVED_INVALID', 'resolved');
  const lob = terms.lobs.get(said.lob);
  if (!lob) return wrong('LOB_UNKNOWN', 'lob');
  const times = callTimes(said, terms.toInstant, terms.now);
  if ('code' in times) return times;
  if (lob.closedAt !== null && times.startedAt > lob.closedAt) return wrong('LOB_WAS_CLOSED', 'lob');
  const outcome =
    said.outcome === undefined ? (times.talkSeconds > 0 ? 'HANDLED' : 'ABANDONED') : oneOf(OUTCOMES, said.outcome);
  if (outcome === null) return wrong('OUTCOME_UNKNOWN', 'outcome');
  const agentId = said.agent === undefined ? null : (terms.agents.get(said.agent) ?? null);
  const flags: string[] = [];
  if (times.misfit) flags.push('TIMES_MISFIT');
  if (outcome === 'HANDLED' && times.talkSeconds === 0) flags.push('ZERO_TALK');
  if (outcome !== 'HANDLED' && times.talkSeconds > 0) flags.push('TALK_UNHANDLED');
  if (said.agent !== undefined && agentId === null) flags.push('AGENT_UNKNOWN');
  return {
    sourceId: said.sourceId,
    lobId: lob.id,
    service: said.service ?? null,
    agentId,
    agentCode: said.agent ?? null,
    outcome,
    resolved,
    kind,
    corrects: said.corrects ?? null,
    flags,
    startedAt: times.startedAt,
    answeredAt: times.answeredAt,
    endedAt: times.endedAt,
    waitSeconds: times.waitSeconds,
    talkSeconds: times.talkSeconds,
  };
}
