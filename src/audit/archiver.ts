import type { Client } from 'pg';
import { type App, ownContext } from '../platform/context';
import { DomainError, refuse } from '../platform/errors';
import { pauseAfterFaults, Pauses } from '../platform/pauses';
import { inTransaction } from '../platform/transaction';
import { type ArchiveEnd, endAfter, partAt, sweep } from './archive-parts';
import { parseCheckpoint } from './checkpoint';
import { frontierAt } from './export-range';
import { writeExport } from './export-trail';
import { parseNote } from './note';
import type { NoteKey } from './note-keys';
import { NO_PROGRESS } from './progress';
import { record } from './record';
import { noteKeysOf } from './sealer';
import type { Query } from './stored-nodes';
import { auditorClient } from './trail-reader';

/** Events of one part at most, where heads allow it: what a crash undoes stays small. */
const PART = 65_536;

/** In ms: after a fault it is tried again so much later, twice as much each time up to five minutes. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 300_000;

/** One process of those that share a database copies at a time. */
const LOCK = `SELECT pg_try_advisory_lock(hashtext('countersign archive')) AS got`;

const HEAD_AT = 'SELECT size::float8 AS size, note, created_at AS at FROM audit.checkpoint WHERE size = $1';
const FIRST_AFTER = `SELECT size::float8 AS size, note, created_at AS at FROM audit.checkpoint WHERE size > $1 ORDER BY size LIMIT 1`;
const LAST_WITHIN = `SELECT size::float8 AS size, note, created_at AS at FROM audit.checkpoint WHERE size > $1 AND size <= $2 ORDER BY size DESC LIMIT 1`;

interface Head {
  readonly size: number;
  readonly note: string;
  readonly at: Date;
}

/**
 * Copies what is sealed to a folder elsewhere, part by part, each an export of its own. How far it has come is what is there, so that nothing is
 * left out or there twice, whoever is killed. What the database does not have any more is never taken out of the archive, and never written over.
 */
export class Archiver {
  private readonly pauses = new Pauses();
  private readonly keys: readonly NoteKey[];
  private working: Promise<void> | null = null;
  private end: ArchiveEnd | null = null;
  private faults = 0;

  constructor(
    private readonly app: App,
    private readonly url: string,
    private readonly archive: string,
  ) {
    this.keys = noteKeysOf(app);
  }

  start(): void {
    this.working = this.work();
  }

  /** Finishes the part that is under way; what is sealed later is copied by whoever comes next. */
  async stop(): Promise<void> {
    this.pauses.stop();
    await this.working;
  }

  private async work(): Promise<void> {
    while (!this.pauses.stopped) {
      try {
        await this.turn();
        this.faults = 0;
        await this.pauses.for(this.app.config.audit.archiveSeconds * 1000);
      } catch (error) {
        await this.fault(error);
      }
    }
  }

  private async turn(): Promise<void> {
    const client = auditorClient(this.url, 'countersign archive');
    try {
      await client.connect();
      const query: Query = async (text, values) => (await client.query(text, values)).rows as never;
      await this.tellLag(query);
      if (await isMine(client)) await this.copy(query);
      this.end = await endAfter(this.archive, this.end);
      await this.tellLag(query);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async copy(query: Query): Promise<void> {
    this.end = await endAfter(this.archive, this.end);
    await assertSameTrail(query, this.end);
    await sweep(this.archive, this.end.size);
    for (let next = await this.next(query); next && !this.pauses.stopped; next = await this.next(query)) {
      const first: number = this.end.size;
      const [before] = await query<Head>(HEAD_AT, [first]);
      await writeExport(
        query,
        { first, end: next.size, checkpoint: next.note, frontier: await frontierAt(query, first) },
        {
          from: before?.at ?? new Date(0),
          to: next.at,
          out: partAt(this.archive, first),
          now: this.app.clock(),
          keys: this.keys,
          // An event of each would be something to copy each time.
          record: null,
          progress: NO_PROGRESS,
        },
      );
      this.end = { size: next.size, checkpoint: next.note };
    }
  }

  /** The head up to which the next part goes. */
  private async next(query: Query): Promise<Head | undefined> {
    const { size } = this.end!;
    const [within] = await query<Head>(LAST_WITHIN, [size, size + PART]);
    return within ?? (await query<Head>(FIRST_AFTER, [size]))[0];
  }

  /** Since when the first head waits that the archive does not have; as far as it is known, while it cannot be reached. */
  private async tellLag(query: Query): Promise<void> {
    const [waiting] = await query<Head>(FIRST_AFTER, [this.end?.size ?? 0]);
    this.app.metrics.archive.waitingSince = waiting?.at ?? null;
    this.app.metrics.archived.set(this.end?.size ?? 0);
  }

  private async fault(error: unknown): Promise<void> {
    this.faults += 1;
    // Whoever mends it may have put something else there.
    this.end = null;
    this.app.metrics.sealingFaults.inc({ what: 'archive' });
    this.app.log.error({ err: error, faults: this.faults }, 'the trail is not being archived');
    if (this.faults === 1) await this.recordFault(error instanceof DomainError ? error.code : 'AUDIT_ARCHIVE_FAILED');
    await this.pauses.for(pauseAfterFaults(this.faults, FIRST_PAUSE, LONGEST_PAUSE));
  }

  /** The first of its kind in a row; the log has them all. */
  private async recordFault(code: string): Promise<void> {
    const event = { action: 'audit.archiving', outcome: 'FAILED', code } as const;
    await inTransaction(ownContext(this.app, 'audit-archive'), (tx) => record(tx, event)).catch((error: unknown) =>
      this.app.log.error({ err: error }, 'a fault of the archive was not recorded'),
    );
  }
}

const isMine = async (client: Client): Promise<boolean> => (await client.query<{ got: boolean }>(LOCK)).rows[0]!.got;

const rootIn = (note: string): Buffer => parseCheckpoint(parseNote(note).text).root;

/**
 * The last head of the archive must be one of the database's. Where it is not, the database was put back to an earlier state or written anew, or
 * the archive is another's: somebody has to look before anything is added. Refuses with AUDIT_ARCHIVE_APART.
 */
async function assertSameTrail(query: Query, { size, checkpoint }: ArchiveEnd): Promise<void> {
  if (checkpoint === null) return;
  const [own] = await query<Head>(HEAD_AT, [size]);
  if (!own || !rootIn(own.note).equals(rootIn(checkpoint)))
    refuse(
      'AUDIT_ARCHIVE_APART',
      `The archive has ${size} events that the database does not have so: see docs/AUDIT.md.`,
    );
}
