import { createHash } from 'node:crypto';
import type { Call } from '../../src/usage/call-line.rules';
import { saidBy, writeBatch, WrittenCalls } from '../../src/usage/call-rows';

const ID = '0190aaaa-0000-7000-8000-00000000000';
const call = (sourceId: string, more: Partial<Call> = {}): Call => ({
  sourceId,
  lobId: `${ID}1`,
  service: null,
  agentId: null,
  agentCode: null,
  outcome: 'HANDLED',
  resolved: null,
  kind: 'CALL',
  corrects: null,
  flags: [],
  startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  answeredAt: null,
  endedAt: Date.UTC(2026, 0, 2, 3, 5),
  waitSeconds: 1,
  talkSeconds: 2,
  ...more,
});

const written = (...of: Call[]) => {
  const lines = of.map((judged, index) => ({ number: index + 2, text: `line ${index}`, judged }));
  const batch = writeBatch(lines, lines.length, { accountId: `${ID}2`, importId: `${ID}3`, number: 7 });
  return new WrittenCalls(batch.calls);
};

describe('calls as rows', () => {
  const long = call(`é${'x'.repeat(150)}`, {
    service: 's'.repeat(100),
    agentCode: '日本',
    flags: ['ZERO_TALK', 'AGENT_UNKNOWN'],
  });
  const calls = written(call('a'), long, call('a', { agentId: `${ID}4` }), call('a', { talkSeconds: 3 }), call('b'));

  it('are found at their places, whatever they hold', () => {
    expect(calls.all.map((each) => calls.sourceId(each))).toEqual(['a', long.sourceId, 'a', 'a', 'b']);
    for (const each of calls.all) expect(calls.startedAt(each)).toBe(long.startedAt);
    expect(calls.line(1)).toEqual({ line: 3, text: 'line 1' });
    expect(calls.all.map((each) => calls.firstOf(each))).toEqual([0, 1, 0, 0, 4]);
  });

  it('say the same if all that a source says is the same, and not who the agent is', () => {
    expect(calls.said(1)).toEqual(saidBy(long));
    expect(calls.said(2)).toEqual(calls.said(0));
    expect(calls.said(3)).not.toEqual(calls.said(0));
    const others: Partial<Call>[] = [
      { lobId: `${ID}9` },
      { service: 'x' },
      { agentCode: 'x' },
      { outcome: 'FAILED' },
      { resolved: false },
      { kind: 'REVERSAL', corrects: 'x' },
      { startedAt: long.startedAt - 1 },
      { answeredAt: long.startedAt },
      { endedAt: long.endedAt + 1 },
      { waitSeconds: 2 },
      { talkSeconds: 1 },
    ];
    for (const other of others) expect(saidBy(call('a', other))).not.toEqual(saidBy(call('a')));
  });

  it('have the id that a call of that source and source id always has', () => {
    const id = createHash('sha256').update(`7\n${long.sourceId}`).digest().subarray(0, 16);
    id[6] = (id[6]! & 0x0f) | 0x80;
    id[8] = (id[8]! & 0x3f) | 0x80;
    expect(calls.recordsOf([1])[0]!.subarray(18, 34)).toEqual(id);
    expect(calls.keysOf([1])[0]!.subarray(18, 34)).toEqual(id);
  });

  it('are numbered, and copied in as few pieces as they lie in', () => {
    calls.numberFrom(5_000_000_000, [0, 1, 4]);
    const pieces = calls.recordsOf([0, 1, 4]);
    expect(pieces).toHaveLength(2);
    expect(pieces.map((piece) => piece.readBigInt64BE(6))).toEqual([5_000_000_000n, 5_000_000_002n]);
    expect(calls.recordsOf([])).toEqual([]);
  });

  it('have keys by their source ids, each what its record says', () => {
    const ids = ['case-9', 'case-10', 'case-a', 'case-1', 'case-', 'case-éé', 'case-10'];
    const of = written(...ids.map((sourceId, n) => call(sourceId, { startedAt: long.startedAt + n * 1000 })));
    const first = of.all.filter((each) => of.firstOf(each) === each);
    const keys = keysIn(of.keysOf(first));
    // The shortest stands among the others by what follows it in its record.
    expect(keys.map(({ sourceId }) => sourceId).filter((each) => each !== 'case-')).toEqual([
      'case-1',
      'case-10',
      'case-9',
      'case-a',
      'case-éé',
    ]);
    expect(new Map(keys.map(({ sourceId, startedAt }) => [sourceId, startedAt]))).toEqual(
      new Map(first.map((each) => [ids[each], of.startedAt(each)])),
    );
    for (const { number, id, sourceId } of keys) {
      expect(number).toBe(7);
      expect(of.recordsOf([ids.indexOf(sourceId)])[0]!.subarray(18, 34)).toEqual(id);
    }
    expect(keysIn(of.keysOf([1, 3])).map(({ sourceId }) => sourceId)).toEqual(['case-1', 'case-10']);
    expect(keysIn(of.keysOf(of.all))).toHaveLength(ids.length);
    expect(written().keysOf([])).toEqual([Buffer.alloc(0)]);
  });
});

/** Rows of `call_key`. */
function keysIn(pieces: Buffer[]) {
  const bytes = Buffer.concat(pieces);
  const keys = [];
  for (let at = 0; at < bytes.length;) {
    expect(bytes.readInt16BE(at)).toBe(4);
    const length = bytes.readInt32BE(at + 42);
    keys.push({
      startedAt: Number(bytes.readBigInt64BE(at + 6)) / 1000 + Date.UTC(2000, 0),
      id: bytes.subarray(at + 18, at + 34),
      number: bytes.readInt32BE(at + 38),
      sourceId: bytes.toString('utf8', at + 46, at + 46 + length),
    });
    at += 46 + length;
  }
  return keys;
}
