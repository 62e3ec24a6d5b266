import type { Row } from './naive-rows';
import { us, type World } from './naive-types';

/** `{["2026-02-01 00:00:00+00","2026-02-28 00:00:00+00")}`: from and until, in µs. */
const stretchesIn = (multirange: string): [bigint, bigint][] =>
  [...multirange.matchAll(/\["([^"]+)","([^"]+)"\)/g)].map(([, from, until]) => [usIn(from!), usIn(until!)]);

const usIn = (text: string): bigint =>
  BigInt(Date.parse(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'))) * 1000n;

const HANDLED = new Set(['HANDLED', 'TRANSFERRED']);
const COUNTED: Record<string, (call: Row) => boolean> = {
  HANDLED_CALLS: ({ outcome }) => HANDLED.has(outcome as string),
  TALK_TIME: ({ outcome }) => HANDLED.has(outcome as string),
  WAIT_TIME: ({ outcome }) => outcome !== 'FAILED',
  RESOLVED_CONTACTS: ({ outcome, resolved }) => HANDLED.has(outcome as string) && resolved === true,
};

const seen = (row: Row, { sequence_after, sequence_upto }: Row): boolean =>
  BigInt(row.sequence as string) > BigInt(sequence_after as string) &&
  BigInt(row.sequence as string) <= BigInt(sequence_upto as string);

const cutsOf = (line: Row, world: World): Row[] => world.all('usage_cut').filter(({ line_id }) => line_id === line.id);

/** The call that a record is about in the end: by way of what it corrects. */
function rootOf(call: Row, calls: readonly Row[]): string | null {
  let name = call.corrects as string;
  for (let hops = 0; hops < 100; hops += 1) {
    const next = calls.find(({ source_id, kind }) => source_id === name && kind !== 'CALL');
    if (!next) return name;
    name = next.corrects as string;
  }
  return null;
}

/** Whether a record counts once all up to a sequence are known. */
function counts(call: Row, world: World, upTo: bigint): boolean {
  const family = world
    .all('call_record')
    .filter(
      (each) =>
        each.account_id === call.account_id &&
        each.source_number === call.source_number &&
        BigInt(each.sequence as string) <= upTo,
    );
  const fixes = family.filter(({ kind }) => kind !== 'CALL');
  const rootsOf = (name: string) => fixes.filter((each) => rootOf(each, family) === name);
  if (call.kind === 'CALL') return rootsOf(call.source_id as string).length === 0;
  if (call.kind === 'REVERSAL') return false;
  const root = rootOf(call, family);
  if (root === null) return false;
  return rootsOf(root).every((each) => BigInt(each.sequence as string) <= BigInt(call.sequence as string));
}

/** The calls that stand behind a line of an invoice. */
export function callsBehind(line: Row, world: World): Row[] {
  const cuts = cutsOf(line, world);
  const isCounted = COUNTED[line.measure as string];
  if (!isCounted || cuts.length === 0) return [];
  const upTo = cuts
    .map(({ sequence_upto }) => BigInt(sequence_upto as string))
    .reduce((most, each) => (each > most ? each : most));
  return world
    .all('call_record')
    .filter(
      (call) =>
        isCounted(call) &&
        cuts.some(
          (cut) =>
            call.account_id === cut.account_id &&
            seen(call, cut) &&
            (cut.lob_ids as string[]).includes(call.lob_id as string) &&
            stretchesIn(cut.stretches as string).some(
              ([from, until]) => from <= us(call.started_at) && us(call.started_at) < until,
            ) &&
            (cut.services === null || (cut.services as string[]).includes(call.service as string)) &&
            !(cut.services_except as string[] | null)?.includes(call.service as string),
        ) &&
        counts(call, world, upTo),
    );
}

/** What was reported and stands behind a line. */
export const quantitiesBehind = (line: Row, world: World): Row[] =>
  world
    .all('usage_quantity')
    .filter(
      (each) =>
        each.measure === line.measure &&
        each.day >= line.period_from &&
        each.day < line.period_until &&
        cutsOf(line, world).some(
          (cut) =>
            each.account_id === cut.account_id &&
            seen(each, cut) &&
            (cut.lob_ids as string[]).includes(each.lob_id as string),
        ),
    );
