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

/** The keys of classes that a process has heard of, and those of them that it could unwrap: they stay open when the wrapping becomes one that it cannot. */
export class KnownKeys {
  private readonly byId = new Map<string, ClassKey>();
  private readonly newest = new Map<string, ClassKey>();
  private readonly opened = new Map<string, Buffer>();

  /** Whether there was one among them that it did not know. */
  take(keys: readonly ClassKey[]): boolean {
    const before = this.byId.size;
    for (const key of keys) {
      this.byId.set(key.id, key);
      const name = nameOf(key.purpose, key.of);
      if (key.number >= (this.newest.get(name)?.number ?? 0)) this.newest.set(name, key);
    }
    return this.byId.size > before;
  }

  named(id: string): ClassKey | undefined {
    return this.byId.get(id);
  }

  newestOf(purpose: KeyPurpose, of: string): ClassKey | undefined {
    return this.newest.get(nameOf(purpose, of));
  }

  open(key: ClassKey, unwrap: (key: ClassKey) => Buffer): Buffer {
    const opened = this.opened.get(key.id) ?? unwrap(key);
    this.opened.set(key.id, opened);
    return opened;
  }
}

const nameOf = (purpose: KeyPurpose, of: string): string => `${purpose} ${of}`;
