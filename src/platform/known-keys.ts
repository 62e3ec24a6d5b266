import type { SchemedKey } from './schemes';

/** What a key is for: to seal the values of a class, or to digest those of one of its fields for looking them up. */
export type KeyPurpose = 'seal' | 'digest';

/** A key of a class (`Account`) or of a field of it (`Account.taxId`), as the database has it. */
export interface ClassKey {
  /** Eight hex digits, drawn at random: no other's, and no master key's. */
  readonly id: string;
  readonly of: string;
  readonly purpose: KeyPurpose;
  /** From 1 on. What is sealed from now on is under the highest. */
  readonly number: number;
  readonly wrapped: Buffer;
}

/** A key that was unwrapped, and what it seals with. */
export interface OpenKey extends SchemedKey {
  readonly id: string;
}

/** The keys of classes that a process has heard of, and those of them that it could unwrap: they stay open when the wrapping becomes one that it cannot. */
export class KnownKeys {
  private readonly byId = new Map<string, ClassKey>();
  private readonly opened = new Map<string, SchemedKey>();

  /** Whether there was one among them that it did not know. */
  take(keys: readonly ClassKey[]): boolean {
    const before = this.byId.size;
    for (const key of keys) this.byId.set(key.id, key);
    return this.byId.size > before;
  }

  named(id: string): ClassKey | undefined {
    return this.byId.get(id);
  }

  /** Those of a class or field, the latest first. */
  of(purpose: KeyPurpose, of: string): ClassKey[] {
    return [...this.byId.values()]
      .filter((key) => key.purpose === purpose && key.of === of)
      .toSorted((one, other) => other.number - one.number);
  }

  /** The same, of those that are open: what is made from now on is made with the first. */
  openOnes(purpose: KeyPurpose, of: string): OpenKey[] {
    return this.of(purpose, of).flatMap(({ id }) => {
      const key = this.opened.get(id);
      return key ? [{ id, ...key }] : [];
    });
  }

  open(key: ClassKey, unwrap: (key: ClassKey) => SchemedKey): SchemedKey {
    const opened = this.opened.get(key.id) ?? unwrap(key);
    this.opened.set(key.id, opened);
    return opened;
  }
}
