import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { until as poll } from '../support/poll';
import type { ApiClient, TestApp } from '../support/app';

/** One answer of a stream. */
export interface Told {
  data?: { changeRequestAwaits: Record<string, any> } | null;
  errors?: { message: string; extensions: { code: string; details?: Record<string, any> } }[];
}

/** What a subscription was told so far, and how it ended. */
export interface Followed {
  told: Told[];
  ids: () => string[];
  /** Why it ended, if it did: `complete`, a code of ours, or that of a close. */
  ended: string | null;
  stop(): void;
}

export const AWAITS = 'subscription { changeRequestAwaits { id revision operation digest reason } }';
export const AWAITS_AND_BEFORE =
  'subscription { changeRequestAwaits(replay: true) { id revision operation digest reason } }';

export const portOf = ({ served }: TestApp): number => (served.server.address() as AddressInfo).port;

/** Waits until something holds. */
export const until = (holds: () => unknown, what?: string): Promise<void> => poll(holds, what, 15_000);

const begun = (): Followed => {
  const told: Told[] = [];
  const ids = () => told.flatMap(({ data }) => (data ? [data.changeRequestAwaits.id as string] : []));
  return { told, ids, ended: null, stop: () => undefined };
};

/** Subscribes over WebSocket with the client of graphql-ws. */
export function overWebSocket(
  t: TestApp,
  { token }: Pick<ApiClient, 'token'>,
  query = AWAITS,
  variables?: Record<string, unknown>,
): Followed {
  const followed = begun();
  const client: Client = createClient({
    url: `ws://127.0.0.1:${portOf(t)}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...(token && { connectionParams: { authorization: `Bearer ${token}` } }),
  });
  client.subscribe(
    { query, ...(variables && { variables }) },
    {
      next: (answer) => followed.told.push(answer as unknown as Told),
      error: (error) => (followed.ended = reasonOf(error)),
      complete: () => (followed.ended ??= 'complete'),
    },
  );
  followed.stop = () => void client.dispose();
  return followed;
}

function reasonOf(error: unknown): string {
  const [first] = Array.isArray(error) ? (error as { extensions?: { code?: string } }[]) : [];
  if (first) return first.extensions?.code ?? 'none';
  const { code, reason } = error as { code?: number; reason?: string };
  return code === undefined ? String(error) : `${code} ${reason}`;
}

/** Subscribes over server-sent events as a browser does: by fetch, with a header. */
export function overSse(
  t: TestApp,
  { token }: Pick<ApiClient, 'token'>,
  query = AWAITS,
  variables?: Record<string, unknown>,
): Followed {
  const followed = begun();
  const gone = new AbortController();
  followed.stop = () => gone.abort();
  const read = async () => {
    const response = await fetch(`http://127.0.0.1:${portOf(t)}/graphql/stream`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query, variables }),
      signal: gone.signal,
    });
    if (response.status !== 200)
      return ((await response.json()) as { errors: { extensions: { code: string } }[] }).errors[0]!.extensions.code;
    let rest = '';
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      const events = (rest + part).split('\n\n');
      rest = events.pop()!;
      for (const event of events) {
        const data = /^event: next\ndata: (.*)$/s.exec(event)?.[1];
        if (data) followed.told.push(JSON.parse(data) as Told);
        if (event.startsWith('event: complete')) return 'complete';
      }
    }
    return 'end of stream';
  };
  read().then(
    (how) => (followed.ended = how),
    (error: unknown) => (followed.ended = `${(error as Error).name}: ${(error as Error).message}`),
  );
  return followed;
}

export const TRANSPORTS = [
  ['WebSocket', overWebSocket],
  ['server-sent events', overSse],
] as const;

/** How many subscriptions a process tells. */
export async function followersOf({ served }: TestApp): Promise<number> {
  const text = await served.app.metrics.registry.metrics();
  return Number(/^countersign_followers (\d+)/m.exec(text)?.[1]);
}

/** Once they are all told what happens from now on. */
export const whenFollowed = (t: TestApp, count: number): Promise<void> =>
  until(async () => (await followersOf(t)) === count, `${count} followers`);

/** A bare WebSocket that speaks the protocol by hand. */
export async function bareSocket(t: TestApp, options: { origin?: string; path?: string } = {}) {
  const { path = '/graphql', ...more } = options;
  const socket = new WebSocket(`ws://127.0.0.1:${portOf(t)}${path}`, 'graphql-transport-ws', more);
  const messages: Record<string, any>[] = [];
  const end: { code?: number; reason?: string; status?: number } = {};
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as Record<string, any>));
  socket.on('close', (code, reason) => Object.assign(end, { code, reason: String(reason) }));
  socket.on('unexpected-response', (_request, response) => {
    end.status = response.statusCode!;
    response.resume();
  });
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'open'), once(socket, 'unexpected-response'), once(socket, 'close')]).catch(
    () => undefined,
  );
  const send = (message: object) => socket.send(JSON.stringify(message));
  return {
    socket,
    messages,
    end,
    send,
    signIn: async ({ token }: Pick<ApiClient, 'token'>) => {
      send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
      await until(() => messages.some(({ type }) => type === 'connection_ack') || end.code !== undefined);
    },
    subscribe: (id: string, query = AWAITS) => send({ id, type: 'subscribe', payload: { query } }),
  };
}
