import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..');
const read = (folder: string) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(path.join(ROOT, folder, file), 'utf8'))
    .join('\n');

const source = read('src');

/** Constraints that become a refusal of their name: see asRefusal in platform/transaction.ts. */
const REFUSING = /_(taken|overlaps|exceeded|by_same_person|repeated)$/;

const found = (pattern: RegExp) => [...source.matchAll(pattern)].map(([, code]) => code!);

const codes = new Set([
  ...found(/\b(?:refuse|DomainError|super)\(\s*'([A-Z][A-Z0-9_]+)'/g),
  ...found(/assertOpen\(\w+, '([A-Z][A-Z0-9_]+)'/g),
  // Tables of codes with their messages, and codes that are put into an answer by hand.
  ...found(/\['([A-Z][A-Z0-9_]+)', '[A-Z][^']* [^']*'/g),
  ...found(/\bcode: '([A-Z][A-Z0-9]*_[A-Z0-9_]+|INTERNAL)'/g),
  ...found(/@(?:Unique|Index|Check|Exclusion)\(\s*'(\w+)'/g)
    .filter((name) => REFUSING.test(name))
    .map((name) => name.toUpperCase()),
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
]);

const documented = new Set(
  [...readFileSync(path.join(ROOT, 'docs/ERRORS.md'), 'utf8').matchAll(/^\| `([A-Z0-9_]+)` +\|/gm)].map(
    ([, code]) => code!,
  ),
);

describe('docs/ERRORS.md', () => {
  it('lists every code that the API can answer', () => {
    expect(codes.size).toBeGreaterThan(60);
    expect([...codes].filter((code) => !documented.has(code)).toSorted()).toEqual([]);
  });

  it('lists no code that does not exist', () => {
    expect([...documented].filter((code) => !source.includes(code) && !codes.has(code)).toSorted()).toEqual([]);
  });
});
