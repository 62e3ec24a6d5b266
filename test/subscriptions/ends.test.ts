import { connect } from 'node:net';
import { startTestApp, type TestApp } from '../support/app';
import { proposed } from '../support/outcomes';
import { givenAccount, trail } from '../support/scene';
import { proposedBankChange, proposedGrant, withoutRole, withRole } from '../approvals/proposals';
import { AWAITS, bareSocket, type Followed, overSse, portOf, TRANSPORTS, until, whenFollowed } from './support';

let t: TestApp;
let accountId: string;
const open: Followed[] = [];
beforeAll(async () => {
  t = await startTestApp({ STREAMS: 'keepAliveSeconds=1', LIMITS: 'aliases=600' });
  accountId = await givenAccount(t);
});
afterEach(async () => {
  for (const each of open.splice(0)) each.stop();
  await whenFollowed(t, 0);
});
afterAll(() => t.close());

const following = (followed: Followed) => {
  open.push(followed);
  return followed;
};

const codes = ({ told }: Followed) =>
  told.flatMap(({ errors = [] }) => errors.map(({ extensions }) => extensions.code));

describe.each(TRANSPORTS)('over %s', (_name, over) => {
  const ends: [what: string, sql: string, back: string][] = [
    ['that was ended', `UPDATE session SET ended_at = now() WHERE token_hash = $1`, 'ended_at = NULL'],
    ['that expired', `UPDATE session SET expires_at = now() WHERE token_hash = $1`, `expires_at = '2999-01-01'`],
  ];
  it.each(ends)(
    'the stream of a session %s ends with the next event, which it is not told',
    async (_what, sql, back) => {
      const { createHash } = await import('node:crypto');
      const hash = createHash('sha256').update(t.as('supervisor').token!).digest();
      const supervisor = following(over(t, t.as('supervisor')));
      const other = following(over(t, t.as('supervisor2')));
      await whenFollowed(t, 2);
      await t.rewind(sql, [hash]);
      const { id } = await proposedBankChange(t, accountId);
      await until(() => supervisor.ended !== null && other.told.length > 0);
      await t.rewind(`UPDATE session SET ${back} WHERE token_hash = $1`, [hash]);
      expect(codes(supervisor)).toEqual(['UNAUTHENTICATED']);
      expect(supervisor.ids()).toEqual([]);
      expect(other.ids()).toEqual([id]);
    },
  );

  it('so does that of a user who was deactivated', async () => {
    const supervisor = following(over(t, t.as('supervisor')));
    await whenFollowed(t, 1);
    await t.sql('UPDATE app_user SET deactivated_at = now() WHERE id = $1', [t.as('supervisor').userId]);
    await proposedBankChange(t, accountId);
    await until(() => supervisor.ended !== null);
    await t.rewind('UPDATE app_user SET deactivated_at = NULL WHERE id = $1', [t.as('supervisor').userId]);
    expect([codes(supervisor), supervisor.ids()]).toEqual([['UNAUTHENTICATED'], []]);
  });

  it('who lost the role is told nothing more, and it leaves its event', async () => {
    const compliance = following(over(t, t.as('compliance')));
    await whenFollowed(t, 1);
    await withoutRole(t, 'compliance', 'compliance', async () => {
      await t.sql('UPDATE session SET version = version + 1 WHERE user_id = $1', [t.as('compliance').userId]);
      await proposedGrant(t, 'admin', 'stranger');
      await until(() => compliance.ended !== null);
    });
    await t.sql('UPDATE session SET version = version + 1 WHERE user_id = $1', [t.as('compliance').userId]);
    expect([codes(compliance), compliance.ids()]).toEqual([['FORBIDDEN'], []]);
    const events = await trail(t, `action = 'Subscription.changeRequestAwaits'`);
    expect(events.at(-1)).toMatchObject({ outcome: 'REFUSED', code: 'FORBIDDEN', actor: t.as('compliance').userId });
  });

  it('who got another role meanwhile is told what it lets them decide', async () => {
    const supervisor = following(over(t, t.as('supervisor')));
    await whenFollowed(t, 1);
    await withRole(t, 'supervisor', 'compliance', async () => {
      const { id } = await proposedGrant(t, 'admin', 'client');
      await until(() => supervisor.told.length > 0);
      expect(supervisor.ids()).toEqual([id]);
    });
    await proposedGrant(t, 'admin', 'client');
    const { id } = await proposedBankChange(t, accountId);
    await until(() => supervisor.told.length > 1);
    expect(supervisor.ids()[1]).toBe(id);
  });
});

const cut = async (why: string): Promise<number> => {
  const text = await t.served.app.metrics.registry.metrics();
  return Number(new RegExp(`^countersign_streams_cut_total\\{why="${why}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
};

/** What does not fit into the buffers of the kernel. */
const LARGE = `subscription { changeRequestAwaits(replay: true) { id ${Array.from({ length: 600 }, (_, n) => `a${n}: reason`).join(' ')} } }`;

describe('who does not read', () => {
  beforeAll(async () => {
    const reason = 'x'.repeat(500);
    for (let n = 0; n < 150; n += 1)
      await proposed(t, 'operations', 'changeAccount', {
        accountId,
        bankAccountNumber: `0009876${10_000 + n}`,
        reason,
      });
  });

  it('is cut off over WebSocket', async () => {
    const before = await cut('silent');
    const { socket, signIn, send } = await bareSocket(t);
    await signIn(t.as('supervisor'));
    send({ id: 'a', type: 'subscribe', payload: { query: LARGE } });
    socket.pause();
    await until(async () => (await cut('silent')) > before);
    socket.terminate();
  });

  it('is cut off over server-sent events', async () => {
    const before = await cut('silent');
    const socket = connect(portOf(t), '127.0.0.1');
    const body = JSON.stringify({ query: LARGE });
    socket.on('error', () => undefined);
    socket.write(
      `POST /graphql/stream HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${t.as('supervisor').token}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await whenFollowed(t, 1);
    await until(async () => (await cut('silent')) > before);
    socket.destroy();
  });

  it('and floods a WebSocket with what is answered, is cut off', async () => {
    const small = await startTestApp({ STREAMS: 'buffered=1000' });
    try {
      const { socket, end } = await bareSocket(small);
      socket.pause();
      const ping = JSON.stringify({ type: 'ping', payload: { text: 'x'.repeat(500_000) } });
      for (let n = 0; n < 60; n += 1) socket.send(ping);
      await until(async () =>
        /streams_cut_total\{why="buffered"\} 1/.test(await small.served.app.metrics.registry.metrics()),
      );
      socket.resume();
      await until(() => end.code !== undefined);
    } finally {
      await small.close();
    }
  });
});

it('a stop ends open streams, also one that does not answer, and says so', async () => {
  const stopping = await startTestApp();
  const { socket, end, signIn, subscribe } = await bareSocket(stopping);
  await signIn(stopping.as('supervisor'));
  subscribe('a');
  const silent = await bareSocket(stopping);
  silent.socket.pause();
  const events = overSse(stopping, stopping.as('supervisor'), AWAITS);
  await whenFollowed(stopping, 2);
  await stopping.close();
  await until(() => end.code !== undefined && events.ended !== null);
  expect([end.code, events.ended]).toEqual([1001, 'end of stream']);
  socket.terminate();
  silent.socket.terminate();
});
