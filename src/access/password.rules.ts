import { refuse } from '../platform/errors';
import common from './data/common-passwords.json';

/** NIST 800-63B asks for 8, or 15 where there is nothing else; ASVS 5.0 for at most 128 or more. */
export const PASSWORD_LENGTH = { least: 12, most: 128 } as const;

/** The form that a password is measured, compared and hashed in, however a keyboard made it (NIST 800-63B, 3.1.1.2). */
export const composed = (password: string): string => password.normalize('NFC');

/** In code points of that form. */
export const lengthOf = (password: string): number => Array.from(composed(password)).length;

const folded = (text: string): string => composed(text).toLowerCase();

let known: ReadonlySet<string> | undefined;

/** Words that everybody tries here first. */
const OF_THE_HOUSE = ['countersign'];

/** Shorter ones say nothing of somebody: `Al`. */
const SHORTEST_WORD = 3;

/** What must be left of a password without the words that are known of its owner: else it is little more than those. */
const LEAST_LEFT = 6;

/** Refuses with PASSWORD_COMMON. `about`: what is known of its owner. */
export function assertUncommon(password: string, about: readonly string[] = []): void {
  if (isCommon(password, about))
    refuse('PASSWORD_COMMON', 'This password is one of those that are tried first; choose another.');
}

/**
 * Whether it is tried first: one of a list of leaked ones, or little more than its owner's name or address, or the product's name. Which characters it has is
 * nobody's business.
 */
export function isCommon(password: string, about: readonly string[] = []): boolean {
  known ??= new Set(common.passwords.split('\n'));
  const text = folded(password);
  const words = [...OF_THE_HOUSE, ...about.flatMap(wordsIn)].toSorted((a, b) => b.length - a.length);
  const left = words.reduce((rest, word) => rest.replaceAll(word, ''), text);
  return known.has(text) || (left !== text && lengthOf(left) < LEAST_LEFT);
}

/** An address whole and in its parts, a name in its parts. */
const wordsIn = (text: string): string[] => [
  ...new Set([folded(text), ...folded(text).split(/[^\p{L}\p{N}]+/u)].filter((word) => word.length >= SHORTEST_WORD)),
];
