/** What can be wrong with a trail, each by a word that stays the same. */
export type FindingKind =
  // What a place holds.
  | 'PLACE_MISSING'
  | 'PLACE_BEYOND_HEAD'
  | 'EVENT_MISSING'
  | 'CONTENT_MISSING'
  | 'CONTENT_ALTERED'
  | 'CONTENT_MALFORMED'
  | 'HASH_ALTERED'
  | 'COLUMN_ALTERED'
  | 'MAC_INVALID'
  | 'MAC_KEY_UNKNOWN'
  // What has no place.
  | 'EVENT_UNSEALED'
  | 'CONTENT_ORPHANED'
  // The business that they tell of.
  | 'ROW_ALTERED'
  | 'ROW_MISSING'
  | 'ROW_UNTOLD'
  | 'KEY_DESTROYED'
  // The tree over them.
  | 'NODE_ALTERED'
  | 'NODE_MISSING'
  | 'ROOT_ALTERED'
  | 'CHECKPOINT_UNSIGNED'
  | 'CHECKPOINT_ALTERED'
  | 'CHECKPOINT_MISSING'
  | 'HEAD_ALTERED'
  // Against heads that were kept outside.
  | 'TRUNCATED'
  | 'REWRITTEN'
  | 'OUTSIDE_HEAD_UNSIGNED'
  // What keeps it.
  | 'SCHEMA_ALTERED'
  // An export.
  | 'FILE_ALTERED'
  | 'COUNT_ALTERED'
  // A proof.
  | 'PROOF_INVALID';

export interface Finding {
  readonly kind: FindingKind;
  /** The first and the last place that it may be about; null where it is about no place. */
  readonly places: readonly [first: number, last: number] | null;
  /** For people: what was found, and how that differs from what should be. */
  readonly message: string;
}

/** How many are shown one by one. */
export const SHOWN = 20;

/** Findings, of which those at the first places are kept and the others only counted: where all is broken, that is millions. */
export class Findings {
  private kept: Finding[] = [];
  total = 0;

  add(kind: FindingKind, places: Finding['places'] | number, message: string): void {
    this.addAll([{ kind, places: typeof places === 'number' ? [places, places] : places, message }], 1);
  }

  /** What somebody else found: as many in all, of which these were kept. */
  addAll(found: readonly Finding[], total: number): void {
    this.total += total;
    this.kept.push(...found);
    if (this.kept.length > 10 * SHOWN) this.kept = this.first();
  }

  /** Those at the first places; before them those of the trail that are about no place, behind them rows that nothing tells of. */
  first(): Finding[] {
    const order = ({ kind, places }: Finding) => places?.[0] ?? (kind === 'ROW_UNTOLD' ? Number.MAX_SAFE_INTEGER : -1);
    return this.kept.toSorted((one, other) => order(one) - order(other)).slice(0, SHOWN);
  }
}
