import { Column } from 'typeorm';
import { fieldDigests } from '../platform/class-keys';
import type { KeyRing } from '../platform/keys';
import { lookupForm } from '../platform/normal-forms';
import { refuse } from '../platform/errors';
import { assertUnmasked, checkSensitive, DOTS, maskOf, maskWords, type SensitiveKind } from '../platform/masks';
import { holdsCard } from '../platform/numbers-in-text';
import { sealText } from '../platform/sealed-text';
import { holdsSecurityCode } from '../platform/security-codes';
import { mapTexts } from '../platform/text';

/**
 * A sensitive value as a row keeps it: sealed for whoever may reveal it, masked for everybody else. Reads select the
 * masked column only.
 */
export class SensitiveValue {
  @Column({ type: 'bytea', nullable: true })
  sealed!: Buffer | null;

  @Column({ type: 'text', nullable: true })
  masked!: string | null;

  /** What it is looked for by: see find-by-sensitive-value.ts. Null until a job has come by, where the value is older than digests. */
  @Column({ type: 'bytea', nullable: true })
  digest!: Buffer | null;
}

/** Nothing there. */
export const noValue = (): SensitiveValue =>
  Object.assign(new SensitiveValue(), { sealed: null, masked: null, digest: null });

/** Seals a value that `checkedValue` passed. Null stays nothing. */
export function sealValue(keys: KeyRing, kind: SensitiveKind, value: string | null, place: string): SensitiveValue {
  if (value === null) return noValue();
  // `Account/<id>/taxId` is one of `Account.taxId`.
  const field = place.replace(/\/.*\//, '.');
  return Object.assign(new SensitiveValue(), {
    sealed: sealText(keys, value, place),
    masked: maskOf(kind, value),
    digest: fieldDigests(keys, field, lookupForm(kind, value))[0],
  });
}

/** A value in its normal form, or null. Refuses with SENSITIVE_VALUE_INVALID or SENSITIVE_VALUE_MASKED. */
export const checkedValue = (kind: SensitiveKind, value: string | null | undefined): string | null =>
  value === null || value === undefined ? null : checkSensitive(kind, value);

/**
 * What becomes of a text of an input, by the name that it stands under, whichever the operation. Whatever is not named here is what people write in
 * their own words, and masked for good; test/access/inputs.test.ts holds the list against the schema.
 */
type Treatment =
  | SensitiveKind
  /** Nobody looks into it, and nobody is shown it. */
  | 'secret'
  /** An id, a digest, a number of ours: it means something only as it is. */
  | 'opaque'
  /** What other machines read: a card number in it is refused, since nothing else can stand in its place. */
  | 'reference'
  | 'words';

const TREATMENTS: Readonly<Record<string, Treatment>> = {
  taxId: 'taxId',
  bankAccountNumber: 'bankAccountNumber',
  email: 'email',
  phone: 'phone',
  cardNumber: 'cardNumber',
  password: 'secret',
  presentPassword: 'secret',
  newPassword: 'secret',
  oneTimeCode: 'secret',
  token: 'secret',
  secret: 'secret',
  value: 'secret',
  code: 'reference',
  sourceReference: 'reference',
  url: 'reference',
  oidcSubject: 'reference',
  digest: 'opaque',
  idempotencyKey: 'opaque',
  people: 'opaque',
  corrects: 'opaque',
  // Of a legal entity, which prints it on its invoices; a client’s is a `bankAccountNumber`.
  iban: 'opaque',
};

/** `decimals` are the names that numbers stand under, by the schema: an amount may pass for a card's number, and is one as it is. */
export function treatmentOf(name: string, decimals: ReadonlySet<string> = new Set()): Treatment {
  if (Object.hasOwn(TREATMENTS, name)) return TREATMENTS[name]!;
  if (decimals.has(name) || /^id$|Ids?$/.test(name)) return 'opaque';
  return name.endsWith('Code') ? 'reference' : 'words';
}

const KINDS: ReadonlySet<Treatment> = new Set<SensitiveKind>([
  'taxId',
  'bankAccountNumber',
  'email',
  'phone',
  'cardNumber',
]);

const isKind = (treatment: Treatment): treatment is SensitiveKind => KINDS.has(treatment);

/** An input as it may be shown: every sensitive value within it masked, also inside free text. */
export const maskInput = (input: unknown, decimals: ReadonlySet<string>): unknown =>
  mapTexts(input, (text, name) => {
    const treatment = treatmentOf(name, decimals);
    if (isKind(treatment)) return maskOf(treatment, text);
    return treatment === 'secret' ? DOTS : treatment === 'opaque' ? text : maskWords(text);
  });

/**
 * An input as an operation may take it, whichever it is: what must never be kept is masked in what people write in their own words, and refused where it cannot be.
 * Refuses SECURITY_CODE_REFUSED (also where nobody would look for one), CARD_NUMBER_REFUSED and, unless masked values may come back, SENSITIVE_VALUE_MASKED.
 */
export const acceptInput = <I>(
  input: I,
  decimals: ReadonlySet<string>,
  { takesMasked = false }: { takesMasked?: boolean } = {},
): I =>
  mapTexts(input, (text, name) => {
    const treatment = treatmentOf(name, decimals);
    if (treatment === 'secret') return text;
    if (holdsSecurityCode(text))
      refuse('SECURITY_CODE_REFUSED', 'Security codes of cards are not kept anywhere: leave it out.', { field: name });
    if (treatment === 'reference' && holdsCard(text))
      refuse('CARD_NUMBER_REFUSED', 'This holds the number of a card, which is not kept here: leave it out.', {
        field: name,
      });
    if (isKind(treatment) && !takesMasked) assertUnmasked(treatment, text);
    return treatment === 'words' ? maskWords(text) : text;
  }) as I;
