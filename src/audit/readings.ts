import { createHash } from 'node:crypto';
import type { Asked, Context, Readings } from '../platform/context';
import { maskText } from '../platform/masks';
import { mapTexts } from '../platform/text';
import { inTransaction } from '../platform/transaction';
import { record } from './record';

/** In ms: what somebody reads within this time is one event. Whoever reads the trail must not fill it by that. */
const TOGETHER = 5_000;

/** So many different questions are told word for word; of the others their number. */
const TOLD = 10;

/** Characters of a document or of its variables that are told. */
const LENGTH = 2_000;

interface Reader {
  /** Of the first request of several. */
  readonly context: Context;
  readonly asked: Map<string, Asked>;
  reads: number;
}

/**
 * Who reads the trail, told in the trail: for each session one event every five seconds at most, `audit.read`, with the number of
 * requests and what they asked. It is written after the answer: a process that is killed loses what it has not told yet.
 */
export class TrailReadings implements Readings {
  private readers = new Map<string, Reader>();
  private timer: NodeJS.Timeout | null = null;
  private telling: Promise<void> = Promise.resolve();

  note(context: Context, asked: Asked): void {
    const who = context.sessionId ?? context.actor?.id ?? '';
    let reader = this.readers.get(who);
    if (!reader) this.readers.set(who, (reader = { context, asked: new Map(), reads: 0 }));
    reader.reads += 1;
    if (reader.asked.size < TOLD) reader.asked.set(JSON.stringify(asked), asked);
    this.timer ??= setTimeout(() => this.tell(), TOGETHER).unref();
  }

  /** Tells what is not told yet. */
  async stop(): Promise<void> {
    this.tell();
    await this.telling;
  }

  private tell(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const readers = [...this.readers.values()];
    this.readers = new Map();
    this.telling = this.tellAfter(this.telling, readers);
  }

  /** One after the other, so that none stands in the way of those whose requests they tell of. */
  private async tellAfter(before: Promise<void>, readers: readonly Reader[]): Promise<void> {
    await before;
    for (const reader of readers) await tellOf(reader);
  }
}

async function tellOf({ context, asked, reads }: Reader): Promise<void> {
  const changes = [
    { path: 'reads', before: null, after: reads },
    ...[...asked.values()].map((each) => ({ path: 'asked', before: null, after: shown(each) })),
  ];
  const event = { action: 'audit.read', outcome: 'DONE', subjectType: 'AuditEvent', changes } as const;
  await inTransaction(context, (tx) => record(tx, event)).catch((error: unknown) =>
    context.app.log.error({ err: error, requestId: context.requestId }, 'a reading of the trail was not recorded'),
  );
}

/** What was asked, without card numbers and addresses, and cut where it is long. */
const shown = ({ document, variables }: Asked) => ({
  document: cut(maskText(document.replaceAll(/\s+/g, ' '))),
  variables: cut(JSON.stringify(mapTexts(variables, maskText))),
});

/** A text that is too long ends with the digest of all of it. */
const cut = (text: string): string =>
  text.length <= LENGTH
    ? text
    : `${text.slice(0, LENGTH).toWellFormed()}… sha256 ${createHash('sha256').update(text).digest('hex')}`;
