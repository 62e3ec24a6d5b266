import { startTestApp, type TestApp } from '../support/app';
import { countersigned } from '../support/outcomes';
import { random } from '../support/random';
import { type Client, givenClient } from '../usage/support';
import { amended, billed, CALLS, FEE, givenAgreement, givenCalls, goOn, invoicesOf, TALK } from './support';

/** RATING_RUNS: how many histories are tried; RATING_STEPS: how long each is. */
const RUNS = Number(process.env.RATING_RUNS ?? 4);
const STEPS = Number(process.env.RATING_STEPS ?? 14);
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

/** Months that may be billed, and one behind them in which all that differs is settled. */
const MONTHS = ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01'];
const dayOf = (epochDay: number) => new Date(epochDay * 86_400_000).toISOString().slice(0, 10);
const epochDayOf = (date: string) => Date.parse(`${date}T00:00:00Z`) / 86_400_000;
const [FIRST, BEHIND] = [epochDayOf(MONTHS[0]!), epochDayOf(MONTHS[3]!)];

interface Told {
  sourceId: string;
  day: string;
  lob: string;
  talkSeconds: number;
  kind: 'CALL' | 'CORRECTION' | 'REVERSAL';
  corrects: string | null;
}

interface Said {
  from: string;
  callCents: number;
  minuteCents: number;
}

/** Fees large enough that nothing that is taken back leaves less than nothing. */
const FEE_CENTS = 10_000_000;

const ratesOf = ({ callCents, minuteCents }: Said) => [
  CALLS((callCents / 100).toFixed(2)),
  TALK((minuteCents / 100).toFixed(2), { initialSeconds: 60, incrementSeconds: 60 }),
  FEE((FEE_CENTS / 100).toFixed(2)),
];

/** What counts in the end: by the rule of docs/USAGE.md, worked out anew. */
function countingOf(told: readonly Told[]): Told[] {
  const by = new Map(told.map((each) => [each.sourceId, each]));
  const rootOf = (each: Told): string => {
    let name = each.corrects!;
    for (let next = by.get(name); next?.corrects; next = by.get(name)) name = next.corrects;
    return name;
  };
  const last = new Map<string, Told>();
  for (const each of told) if (each.corrects !== null) last.set(rootOf(each), each);
  const calls = told.filter(({ kind, sourceId }) => kind === 'CALL' && !last.has(sourceId));
  return [...calls, ...[...last.values()].filter(({ kind }) => kind === 'CORRECTION')];
}

/** What each month costs by what is agreed and counts in the end, in cents. Half to even where a fee is divided. */
function costOf(month: number, told: readonly Told[], said: readonly Said[]): { cents: bigint; handled: number } {
  const [from, until] = [epochDayOf(MONTHS[month]!), epochDayOf(MONTHS[month + 1]!)];
  const holding: { from: number; until: number; said: Said }[] = [];
  said.forEach((each, place) => {
    // A later version takes the place of what began on its day or behind it.
    const next = said.slice(place + 1).reduce((sooner, { from: day }) => Math.min(sooner, epochDayOf(day)), until);
    const part = { from: Math.max(from, epochDayOf(each.from)), until: Math.min(until, next), said: each };
    if (part.from < part.until) holding.push(part);
  });
  const calls = countingOf(told).filter(({ day }) => epochDayOf(day) >= from && epochDayOf(day) < until);
  let cents = 0n;
  for (const part of holding) {
    const own = calls.filter(({ day }) => epochDayOf(day) >= part.from && epochDayOf(day) < part.until);
    const minutes = own.reduce((sum, { talkSeconds }) => sum + Math.ceil(talkSeconds / 60), 0);
    cents += BigInt(own.length * part.said.callCents + minutes * part.said.minuteCents);
    const [share, of] = [BigInt(FEE_CENTS * (part.until - part.from)), BigInt(until - from)];
    const [down, rest] = [share / of, (share % of) * 2n];
    cents += rest > of || (rest === of && down % 2n === 1n) ? down + 1n : down;
  }
  return { cents, handled: calls.length };
}

/** Bills a period; what the fuse stops is looked at and let go on. */
async function settled(accountId: string, from: string, until: string): Promise<void> {
  const [part] = (await billed(t, accountId, from, until)).accounts.nodes;
  if (part.state !== 'PARKED') return;
  await countersigned(t, 'billing', 'releaseBilling', { billingRunAccountId: part.id, reason: 'as it should be' });
  await goOn(t);
}

async function history(below: (n: number) => number): Promise<string[]> {
  const client: Client = await givenClient(t, ['CARDS', 'LOANS'], 'UTC');
  const told: Told[] = [];
  const said: Said[] = [{ from: MONTHS[0]!, callCents: 1 + below(300), minuteCents: below(100) }];
  const agreementId = await givenAgreement(t, client.id, ratesOf(said[0]!));
  const done: string[] = [];
  const tell = async (calls: Told[]) => {
    told.push(...calls);
    const shuffled = calls.toSorted(() => below(2) - 0.5);
    await givenCalls(
      t,
      client.id,
      shuffled.map(({ day, corrects, ...call }) => ({
        ...call,
        startedAt: `${day}T12:00:00Z`,
        ...(corrects && { corrects }),
      })),
    );
    // The highest sequence counts: that is the order in which they were kept.
    const order = await t.sql<{ id: string }>(
      'SELECT source_id AS id FROM call_record WHERE account_id = $1 ORDER BY sequence',
      [client.id],
    );
    const place = new Map(order.map(({ id }, index) => [id, index]));
    told.sort((one, other) => place.get(one.sourceId)! - place.get(other.sourceId)!);
  };
  const newCall = (): Told => ({
    sourceId: `s${told.length}-${below(1e9)}`,
    day: dayOf(FIRST + below(BEHIND - FIRST)),
    lob: below(2) ? 'CARDS' : 'LOANS',
    talkSeconds: 1 + below(300),
    kind: 'CALL',
    corrects: null,
  });
  const steps: [name: string, step: () => Promise<unknown>][] = [
    ['calls', () => tell(Array.from({ length: 1 + below(6) }, newCall))],
    ['calls', () => tell(Array.from({ length: 1 + below(6) }, newCall))],
    [
      'corrections',
      () => {
        const some = told.filter(() => below(4) === 0).slice(0, 3);
        const kind = below(3) === 0 ? ('REVERSAL' as const) : ('CORRECTION' as const);
        return some.length === 0
          ? Promise.resolve()
          : tell(
              some.map((each, n) => ({
                ...newCall(),
                sourceId: `${newCall().sourceId}-${n}`,
                kind,
                corrects: each.sourceId,
              })),
            );
      },
    ],
    [
      'amendment',
      () => {
        const next = { from: dayOf(FIRST + below(BEHIND - FIRST)), callCents: 1 + below(300), minuteCents: below(100) };
        said.push(next);
        return amended(t, agreementId, next.from, ratesOf(next));
      },
    ],
    ['run', () => settled(client.id, ...(MONTHS.slice(0, 4).slice(below(3)).slice(0, 2) as [string, string]))],
    ['run', () => settled(client.id, MONTHS[0]!, MONTHS[3]!)],
    [
      'void',
      async () => {
        const live = await t.sql<{ id: string }>(
          `SELECT i.id FROM invoice i WHERE i.account_id = $1 AND i.status <> 'VOIDED' AND NOT EXISTS (SELECT FROM invoice_cycle c
             JOIN invoice_cycle k ON k.corrects_id = c.id AND NOT k.voided WHERE c.invoice_id = i.id) ORDER BY i.period_from`,
          [client.id],
        );
        const one = live[below(Math.max(live.length, 1))];
        if (one) await countersigned(t, 'billing', 'voidInvoice', { invoiceId: one.id, reason: 'wrong' });
      },
    ],
  ];
  for (let n = 0; n < STEPS; n += 1) {
    const [name, step] = steps[below(steps.length)]!;
    await step();
    done.push(name);
  }
  for (let month = 0; month < 4; month += 1) await settled(client.id, MONTHS[month]!, MONTHS[month + 1]!);
  await compare(client, told, said);
  return done;
}

/** What lines that are not voided come to is what the months cost, to the cent; and the calls that they count are those that count. */
async function compare(client: Client, told: readonly Told[], said: readonly Said[]): Promise<void> {
  const rows = await t.sql<{ month: string; cents: string; handled: string }>(
    `SELECT c.period_from::text AS month, sum(l.rated_minor)::text AS cents, sum(l.quantity) FILTER (WHERE l.measure = 'HANDLED_CALLS')::int::text AS handled
     FROM invoice_line l JOIN invoice_cycle c ON c.id = l.cycle_id WHERE c.account_id = $1 AND NOT c.voided GROUP BY 1 ORDER BY 1`,
    [client.id],
  );
  const wanted = [0, 1, 2, 3].map((month) => {
    const { cents, handled } = costOf(month, told, said);
    return { month: MONTHS[month], cents: String(cents), handled: String(handled) };
  });
  expect(rows.map(({ handled, ...row }) => ({ ...row, handled: handled ?? '0' }))).toEqual(wanted);
  for (const invoice of await invoicesOf(t, client.id)) {
    const sum = invoice.lines.reduce(
      (all: bigint, line: { amount: { amount: string } }) => all + BigInt(line.amount.amount.replace('.', '')),
      0n,
    );
    expect(invoice.subtotal.amount.replace('.', '')).toBe(String(sum));
  }
  await everyCallIsBehindALine(client, told);
}

/** Each call that counts stands behind a line for handled calls of its month; nothing stands behind lines that does not exist. */
async function everyCallIsBehindALine(client: Client, told: readonly Told[]): Promise<void> {
  const behind = new Set<string>();
  for (const invoice of await invoicesOf(t, client.id)) {
    const { data, errors } = await t
      .as('auditor')
      .gql(`query ($id: ID!) { invoice(id: $id) { lines { description usage(first: 100) { nodes { sourceId } } } } }`, {
        id: invoice.id,
      });
    expect(errors).toEqual([]);
    for (const { description, usage } of data!.invoice.lines)
      if (/Handled calls/.test(description)) for (const { sourceId } of usage.nodes) behind.add(sourceId);
  }
  const missing = countingOf(told).filter(({ sourceId }) => !behind.has(sourceId));
  expect(missing).toEqual([]);
}

it(
  `whatever is imported, corrected, amended, run and voided: lines sum to what periods cost (seed ${seed}, ${RUNS} histories of ${STEPS} steps)`,
  async () => {
    for (let run = 0; run < RUNS; run += 1) {
      const below = random(seed + run);
      try {
        await history(below);
      } catch (error) {
        throw new Error(`history ${run} of seed ${seed}`, { cause: error });
      }
    }
  },
  RUNS * 60_000,
);
