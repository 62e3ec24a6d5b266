import type { Transaction } from './transaction';
import { DomainError } from './errors';

/** A changed field as people see it: sensitive values are masked before they get here. */
export interface FieldChange {
  path: string;
  before: unknown;
  after: unknown;
}

/** What an operation is about to do or has done, in the words of the trail. */
export interface Recorded {
  /** Past tense of the operation: `invoice.voided`. */
  action: string;
  /** Where it is not the operation's subject. */
  subjectType?: string;
  subjectId: string | null;
  changes: FieldChange[];
  /** Its changes tell what was looked at: the paths are those of the subject, what stands behind them is not. */
  lookedAt?: boolean;
  reason?: string | null;
  changeRequestId?: string;
}

/** What a refusal changed, for its event to tell. */
export interface Consequence {
  changes?: FieldChange[];
}

/** What approval policies may look at. */
export interface Facts {
  /** The client account that the operation concerns; also decides who may see its change request. */
  accountId: string | null;
  amount?: { minor: bigint; currency: string };
  /** The one LOB of that account whose own business it is; an invoice is always its account's. */
  lobId?: string;
  /** The lines of business that it concerns. */
  lobIds?: readonly string[];
  /** A kind of it, in the words of its type: a complaint's category, the reason of a dispute. */
  category?: string;
  /** How much harm it could do. */
  risk?: 'LOW' | 'MEDIUM' | 'HIGH';
}

/** The instant, the actor and fresh ids, handed to `decide` so that it stays a pure function. */
export interface Moment {
  readonly now: Date;
  readonly actorId: string;
  readonly newId: () => string;
}

/** Asks for a permission. Refuses with NOT_FOUND when the actor may not even read the row, else with FORBIDDEN. */
export interface May {
  (action: string, row: object): void;
  /** For what does not exist yet: the attributes that it would have. */
  create(action: string, type: string, attributes?: Record<string, unknown>): void;
}

/** Every input has these two; see approvals/submit.ts. */
export interface OperationInput {
  idempotencyKey?: string | null;
  expectedVersion?: number | null;
}

/**
 * The one shape of a write. `submit` runs the five steps in this order, in one transaction; an approved change request
 * runs the very same five. For a protected operation the first three and `record` run when it is proposed, too, so that
 * an impossible change is refused at once and the approver sees what it would do.
 *
 * I: its input, S: the rows it is about, D: what was decided.
 */
export interface Operation<I extends OperationInput = OperationInput, S = unknown, D = unknown> {
  /** `<noun>.<verb>` */
  readonly name: string;
  /** Type of the subject, and key of it in the payload with a small first letter. */
  readonly subject: string;
  /** What it does, for approvers and for the list of operations. */
  readonly summary: string;
  /** Type of the row that `expectedVersion` speaks of, where that is not the subject. */
  readonly versionOf?: string;
  /** The paths of its changes that a policy may single out (`whenFields`); none unless told. */
  readonly policyFields?: readonly string[];
  /** Always under approval, whatever the policies say. */
  readonly twoPeople?: boolean;
  /** Whether it asks for a one-time code within the last minutes of whoever is signed in and does it, or proposes it: see access/stepped-up.ts. */
  stepUp?(state: S, input: I): boolean;
  /** Whether it asks whoever does it to have signed in, or given a one-time code, within the last minutes: see access/stepped-up.ts. */
  recent?(state: S, input: I): boolean;
  /**
   * What takes its time on purpose, and so is done to an input before any transaction. `before`: what the input was when it was asked for first, where it is revised; what is
   * the same in it has been done already.
   */
  ahead?(input: I, before?: I): Promise<I>;
  /** Its answer is for the eyes of the one who asked: it is never stored, and a repeat does it again. */
  readonly ephemeral?: boolean;
  /** Masked values in its input stand for what they mask: it puts the real ones in their place itself. */
  readonly takesMasked?: boolean;
  /** Loads and locks every row that it is about. */
  lock(tx: Transaction, input: I): Promise<S>;
  /** Refuses an actor who may not do this to these rows. Knows nothing of their state. */
  authorize(may: May, state: S, input: I): void;
  /** Refuses what cannot be done now, else says what is to be done. Pure. */
  decide(state: S, input: I, moment: Moment): D;
  /** Writes the decision. May return more fields of the payload: a row's id (or ids) by field name. */
  save(tx: Transaction, decision: D, state: S): Promise<Record<string, unknown> | void>;
  /** The event that the trail keeps. Pure. `saved` is what `save` returned; absent while it is only proposed. */
  record(decision: D, state: S, input: I, saved?: Record<string, unknown>): Recorded;
  /** What the approval policies may look at. */
  facts(decision: D, state: S, input: I): Facts;
  /** What a refusal itself changes, in the transaction that records the refusal. */
  refused?(tx: Transaction, input: I, error: unknown): Promise<Consequence>;
  /** Which row an input is about, where the names in it do not say (`id`, or `<subject>Id`): for the event of a refusal. */
  about?(input: I): { subjectType: string; subjectId: string };
  /** The mutation that submits it, where its name is not `<verb><Noun>`. */
  readonly mutation?: string;
}

/** Any operation, as the catalogue holds it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- operations differ in their input, rows and decision
export type AnyOperation = Operation<any, any, any>;

/** States an operation; the compiler fills in the types. */
export const operation = <I extends OperationInput, S, D>(definition: Operation<I, S, D>): Operation<I, S, D> =>
  Object.freeze(definition);

/** What became of a submitted operation. */
export interface Submitted {
  outcome: 'DONE' | 'AWAITING_APPROVAL';
  changeRequestId: string | null;
  /** Ids of the payload's objects by field name, and plain values. */
  result: Record<string, unknown>;
}

/** Every operation there is, by name. */
export class Catalogue {
  private readonly byName: ReadonlyMap<string, AnyOperation>;

  constructor(operations: readonly AnyOperation[]) {
    this.byName = new Map(operations.map((each) => [each.name, each]));
    if (this.byName.size !== operations.length) throw new Error('Two operations have one name.');
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  /** Refuses with OPERATION_UNKNOWN: a stored change request may name an operation that is gone. */
  find(name: string): AnyOperation {
    const found = this.byName.get(name);
    if (!found) throw new DomainError('OPERATION_UNKNOWN', 'There is no such operation.', { operation: name });
    return found;
  }
}

/** The payload's key of a subject: `ChangeRequest` → `changeRequest`. */
export const payloadKey = (subject: string): string => subject.charAt(0).toLowerCase() + subject.slice(1);
