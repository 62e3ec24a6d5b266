import type { Client } from 'pg';
import type { Logger } from 'pino';
import { refuse } from './errors';
import { pauseAfterFaults, Pauses } from './pauses';

/** In ms: how often it is looked for what was missed, whatever was heard. It also finds out a connection that died without a word. */
const ROUND = 30_000;

/** In ms: how long it is waited after a fault, twice as much each time. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [50, 10_000];

/** In ms: how long somebody waits for the first connection. */
const PATIENCE = 10_000;

/** Looks up what was heard of, or, after whatever could have been missed, everything. */
export type Look = (client: Client, heard: readonly string[] | 'everything') => Promise<void>;

/**
 * Listens on a channel of PostgreSQL, on a connection of its own, from the moment that somebody first asks for it. What is heard is looked up on the
 * same connection, one look at a time. A connection that is lost is replaced, and then everything is looked up.
 */
export class Listening {
  private client: Client | null = null;
  private working: Promise<void> | null = null;
  private heard = new Set<string>();
  private everything = true;
  private faults = 0;
  private readonly pauses = new Pauses();
  private begun: () => void = () => undefined;
  private readonly hasBegun = new Promise<void>((resolve) => (this.begun = resolve));

  constructor(
    private readonly channel: string,
    private readonly connect: () => Client,
    private readonly look: Look,
    private readonly log: Logger,
  ) {}

  get connected(): boolean {
    return this.client !== null;
  }

  /** Resolves when everything was looked up once: nothing that comes later is missed. Refuses with DATABASE_UNAVAILABLE. */
  async begin(): Promise<void> {
    this.working ??= this.work();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, PATIENCE, 'late')));
    const first = await Promise.race([this.hasBegun, late]);
    clearTimeout(timer);
    if (first === 'late') refuse('DATABASE_UNAVAILABLE', 'The database cannot be reached; try again later.');
  }

  async stop(): Promise<void> {
    this.pauses.stop();
    await this.working;
    await this.letGo();
  }

  private async work(): Promise<void> {
    while (!this.pauses.stopped) {
      try {
        await this.turn();
        this.faults = 0;
        this.begun();
        if (this.client && this.heard.size === 0 && !this.everything) await this.pause(ROUND);
      } catch (error) {
        this.faults += 1;
        this.log.warn({ err: error, channel: this.channel, faults: this.faults }, 'listening was interrupted');
        await this.letGo();
        await this.pause(pauseAfterFaults(this.faults, FIRST_PAUSE, LONGEST_PAUSE));
      }
    }
  }

  private async turn(): Promise<void> {
    const client = this.client ?? (await this.listen());
    const heard = this.everything ? 'everything' : [...this.heard];
    this.everything = false;
    this.heard = new Set();
    await this.look(client, heard);
  }

  private async listen(): Promise<Client> {
    const client = this.connect();
    client.on('error', () => this.lost(client)).on('end', () => this.lost(client));
    client.on('notification', ({ payload = '' }) => {
      this.heard.add(payload);
      this.pauses.wake();
    });
    await client.connect();
    this.client = client;
    await client.query(`LISTEN ${this.channel}`);
    this.everything = true;
    return client;
  }

  private lost(client: Client): void {
    if (this.client !== client) return;
    this.client = null;
    this.pauses.wake();
  }

  private async letGo(): Promise<void> {
    const { client } = this;
    this.client = null;
    this.everything = true;
    await client?.end().catch(() => undefined);
  }

  /** Until something is heard or lost, or else as long as that; then everything is due again. */
  private async pause(ms: number): Promise<void> {
    if (await this.pauses.for(ms)) this.everything = true;
  }
}
