import { Client } from 'pg';
import { type App, ownContext } from '../platform/context';
import { DAY } from '../platform/durations';
import { DomainError } from '../platform/errors';
import { pauseAfterFaults, Pauses } from '../platform/pauses';
import { inTransaction } from '../platform/transaction';
import { latestIn } from './checkpoint-files';
import { type NoteKey, type NoteSigner, noteSigner } from './note-keys';
import { type Publisher, Telling, toAddress, toFiles, toLog } from './publish';
import { record } from './record';
import { sealBatch, type SignedHead } from './seal-batch';

/** In ms: how long an event waits at most for its batch, where nothing is amiss. */
const ROUND = 1_000;

/** In ms: so much later it is tried again after a fault, twice as much each time up to a minute. */
const LONGEST_PAUSE = 60_000;

/** So many months of writing have their place before they come. */
const MONTHS_AHEAD = 24;

/** Who signs the heads of this installation's trail. */
export const signerOf = ({ config, keys }: Pick<App, 'config' | 'keys'>): NoteSigner =>
  noteSigner(config.audit.origin, keys.checkpoint);

/** Who signed them under earlier keys. */
export const earlierSignersOf = ({ config, keys }: Pick<App, 'config' | 'keys'>): NoteSigner[] =>
  keys.retired.map(({ checkpoint }) => noteSigner(config.audit.origin, checkpoint));

/** Whoever may have signed a head of it, the present one first. */
export const noteKeysOf = (app: Pick<App, 'config' | 'keys'>): NoteKey[] =>
  [signerOf(app), ...earlierSignersOf(app)].map(({ key }) => key);

/** The publishers that are configured: files and the log always. */
export function publishersOf({ config: { audit }, log, clock }: Pick<App, 'config' | 'log' | 'clock'>): Publisher[] {
  const publishers = [toFiles(audit.checkpoints, clock), toLog(log)];
  return audit.checkpointUrl ? [...publishers, toAddress(audit.checkpointUrl)] : publishers;
}

/**
 * Seals the trail, batch by batch. Any number of processes may: one at a time does, and the others look again a second later. It
 * does not begin on a tree that is behind what was published of it: that would give the same places to other events.
 */
export class Sealer {
  private readonly signer: NoteSigner;
  private readonly earlier: readonly NoteSigner[];
  private readonly tellings: Telling[];
  private client: Client | null = null;
  private readonly pauses = new Pauses();
  private working: Promise<void> | null = null;
  private faults = 0;
  private checked = false;
  /** When the months are next looked at, in ms of performance.now(). */
  private months = 0;

  constructor(
    private readonly app: App,
    private readonly url: string,
    publishers = publishersOf(app),
  ) {
    this.signer = signerOf(app);
    this.earlier = earlierSignersOf(app);
    this.tellings = publishers.map((each) => new Telling(each, (...failure) => this.untold(...failure)));
  }

  start(): void {
    this.working = this.work();
  }

  /** Finishes the batch that is under way. */
  async stop(): Promise<void> {
    this.pauses.stop();
    await this.working;
    await Promise.all(this.tellings.map((each) => each.stop()));
    await this.letGo();
  }

  private async work(): Promise<void> {
    while (!this.pauses.stopped) {
      try {
        const more = await this.batch();
        this.faults = 0;
        if (!more) await this.pauses.for(ROUND);
      } catch (error) {
        await this.fault(error);
      }
    }
  }

  /** Whether there may be more at once. */
  private async batch(): Promise<boolean> {
    const client = await this.connected();
    if (!this.checked) await this.assertNotBehind(client);
    if (performance.now() >= this.months) await this.keepMonths(client);
    const { head, more } = await sealBatch(client, this.signer, this.app.clock(), this.earlier);
    if (head) {
      this.app.metrics.sealed.set(head.size);
      for (const telling of this.tellings) telling.tell(head);
    }
    return more;
  }

  private async connected(): Promise<Client> {
    if (this.client) return this.client;
    const client = new Client({
      connectionString: this.url,
      application_name: 'countersign sealer',
      connectionTimeoutMillis: 10_000,
      statement_timeout: 60_000,
      lock_timeout: 10_000,
      idle_in_transaction_session_timeout: 20_000,
    });
    client.on('error', () => void (this.client = null));
    await client.connect();
    this.client = client;
    return client;
  }

  /**
   * What was published last must still be so. Where the database shows less, or other leaves, it was put back to an earlier
   * state or written anew: somebody has to look before anything is signed. Refuses with AUDIT_TREE_BEHIND.
   */
  private async assertNotBehind(client: Client): Promise<void> {
    const published = await latestIn(this.app.config.audit.checkpoints, noteKeysOf(this.app));
    const heads = `SELECT size::float8 AS size, note, root FROM audit.checkpoint WHERE size = $1 OR size = (SELECT max(size) FROM audit.checkpoint) ORDER BY size`;
    const { rows } = await client.query<SignedHead & { root: Buffer }>(heads, [published?.size ?? 0]);
    const latest = rows.at(-1);
    if (published && !rows.some(({ size, root }) => size === published.size && published.root.equals(root)))
      throw new DomainError(
        'AUDIT_TREE_BEHIND',
        `A head of ${published.size} events was published that the database does not have. See docs/AUDIT.md.`,
      );
    // Told once more: whoever sealed it may have ended before they could.
    if (latest && latest.size > (published?.size ?? 0)) for (const telling of this.tellings) telling.tell(latest);
    this.checked = true;
  }

  /** Makes the months to come, and drops what is said by those whose time is over: their events, leaves and proofs stay. */
  private async keepMonths(client: Client): Promise<void> {
    await client.query('SELECT audit.ensure_months($1)', [MONTHS_AHEAD]);
    const { rows } = await client.query<{ month: string; events: string }>('SELECT * FROM audit.drop_expired()');
    this.months = performance.now() + DAY;
    if (rows.length === 0) return;
    const changes = rows.map(({ month, events }) => ({ path: month, before: Number(events), after: null }));
    await inTransaction(ownContext(this.app, 'audit-sealer'), (tx) =>
      record(tx, { action: 'audit.contentDropped', outcome: 'DONE', changes }),
    );
  }

  private async fault(error: unknown): Promise<void> {
    this.faults += 1;
    this.app.metrics.sealingFaults.inc({ what: 'sealing' });
    this.app.log.error({ err: error, faults: this.faults }, 'the trail is not being sealed');
    await this.letGo();
    if (this.faults === 1) await this.recordFault(error instanceof DomainError ? error.code : 'AUDIT_SEALING_FAILED');
    await this.pauses.for(pauseAfterFaults(this.faults, ROUND, LONGEST_PAUSE));
  }

  private untold(publisher: string, error: unknown, failures: number): void {
    this.app.metrics.sealingFaults.inc({ what: publisher });
    this.app.log.error({ err: error, publisher, failures }, 'a checkpoint was not published');
    if (failures === 1) void this.recordFault('AUDIT_CHECKPOINT_UNPUBLISHED', publisher);
  }

  /** The first of its kind in a row; the log has them all. */
  private async recordFault(code: string, reason: string | null = null): Promise<void> {
    const event = { action: 'audit.sealing', outcome: 'FAILED', code, reason } as const;
    await inTransaction(ownContext(this.app, 'audit-sealer'), (tx) => record(tx, event)).catch((error: unknown) =>
      this.app.log.error({ err: error }, 'a sealing fault was not recorded'),
    );
  }

  private async letGo(): Promise<void> {
    const { client } = this;
    this.client = null;
    await client?.end().catch(() => undefined);
  }
}
