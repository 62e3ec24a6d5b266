import { isId } from '../platform/ids';
import { maskWords } from '../platform/masks';
import { type AnyOperation, type Catalogue, payloadKey } from '../platform/operation';

/** An attempt that was refused, in the words of the trail. */
export interface Attempt {
  action: string;
  subjectType?: string;
  subjectId?: string | null;
  reason?: string | null;
  changeRequestId?: string;
}

/** An attempt at an operation. By the convention of inputs, `id` or `<subject>Id` names the row that it was about. */
export function attemptAt(operation: AnyOperation, input: unknown): Attempt {
  const values = (input ?? {}) as Record<string, unknown>;
  const id = values.id ?? values[`${payloadKey(operation.subject)}Id`];
  const subjectId = typeof id === 'string' ? id : null;
  return {
    action: operation.name,
    subjectType: operation.subject,
    subjectId,
    reason: reasonIn(values),
    ...(operation.subject === 'ChangeRequest' && isId(subjectId) && { changeRequestId: subjectId }),
    ...named(operation.about?.(values)),
  };
}

/** A type that a client names is kept only if it could be one. */
const named = (about: { subjectType: string; subjectId: string } | undefined) =>
  about && /^[A-Z][A-Za-z]{1,40}$/.test(about.subjectType) ? about : {};

/** An attempt at a root field. `voidInvoice` is an attempt at `invoice.void`; a field without an operation is its own name. */
export function attemptAtField(catalogue: Catalogue, parent: string, field: string, input: unknown): Attempt {
  const name = catalogue.names.find((each) => mutationOf(catalogue.find(each)) === field);
  return name ? attemptAt(catalogue.find(name), input) : { action: `${parent}.${field}` };
}

/** The mutation that submits an operation: `invoice.void` is submitted by `voidInvoice`. */
export const mutationOf = ({ name, mutation }: AnyOperation): string => {
  const [noun = '', verb = ''] = name.split('.');
  return mutation ?? `${verb}${noun.charAt(0).toUpperCase()}${noun.slice(1)}`;
};

/** The longest reason of any operation has 2000 characters, each of at most two UTF-16 units. */
const LONGEST_REASON = 4000;

/**
 * The reason that an input gives, without what should not stand in it. One that no operation would take is left out:
 * masking it would take long, and the trail would keep it for good.
 */
export const reasonIn = (input: object): string | null =>
  'reason' in input && typeof input.reason === 'string' && input.reason.length <= LONGEST_REASON
    ? maskWords(input.reason)
    : null;
