/** How many streams there may be and what one may ask of a process. Each can be changed by the setting STREAMS; docs/EDGE.md explains them. */
export const DEFAULT_STREAMS = {
  /** WebSockets and event streams of one process, those included that have not said yet whose they are. */
  perProcess: 1_000,
  /** Of one user, in one process. */
  perUser: 20,
  /** Subscriptions of one WebSocket. */
  perConnection: 10,
  /** Seconds within which a WebSocket says whose it is. */
  initSeconds: 3,
  /** Seconds between two signs of life. Who has not taken one when the next is due is cut off. */
  keepAliveSeconds: 12,
  /** What a subscriber may leave untaken, beside what waited when it began. */
  pending: 1_000,
  /** Bytes that a WebSocket may leave unread before it is cut off. */
  buffered: 4_000_000,
} as const satisfies Record<string, number>;

export type StreamLimits = Readonly<Record<keyof typeof DEFAULT_STREAMS, number>>;
