import fc from 'fast-check';
import { Kind, Lexer, parse, Source, TokenKind, visit } from 'graphql';
import { DEFAULT_LIMITS, parseWithin } from '../../src/platform/document-limits';
import { scanDocument } from '../../src/platform/document-scan';

type Counts = Record<
  | 'tokens'
  | 'name'
  | 'nesting'
  | 'directives'
  | 'operations'
  | 'fragments'
  | 'fields'
  | 'aliases'
  | 'rootFields'
  | 'merges',
  number
>;

const none = (): Counts => ({
  tokens: 0,
  name: 0,
  nesting: 0,
  directives: 0,
  operations: 0,
  fragments: 0,
  fields: 0,
  aliases: 0,
  rootFields: 0,
  merges: 0,
});

/** The most of each kind that the scan came to. */
function scanned(text: string): Counts {
  const most = none();
  scanDocument(text, (kind, count) => (most[kind] = Math.max(most[kind], count)));
  return most;
}

/** What graphql-js makes of the text, up to where it stops. */
function lexed(text: string): Pick<Counts, 'tokens' | 'name' | 'nesting' | 'directives'> {
  const counts = none();
  const lexer = new Lexer(new Source(text));
  let nesting = 0;
  try {
    for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
      counts.tokens += 1;
      if (token.kind === TokenKind.NAME) counts.name = Math.max(counts.name, token.end - token.start);
      if (token.kind === TokenKind.AT) counts.directives += 1;
      if ('{[('.includes(token.kind)) counts.nesting = Math.max(counts.nesting, (nesting += 1));
      if ('}])'.includes(token.kind)) nesting -= 1;
    }
  } catch {
    // It is no GraphQL from here on.
  }
  const { tokens, name, directives } = counts;
  return { tokens, name, nesting: counts.nesting, directives };
}

/** The same counts from the tree. */
function walked(text: string): Omit<Counts, keyof ReturnType<typeof lexed>> {
  const { operations, fragments, fields, aliases, rootFields, merges } = none();
  const counts = { operations, fragments, fields, aliases, rootFields, merges };
  visit(parse(text), {
    OperationDefinition: ({ selectionSet: { selections } }) => {
      counts.operations += 1;
      const here = selections.filter(({ kind }) => kind === Kind.FIELD).length;
      counts.rootFields = Math.max(counts.rootFields, here);
    },
    FragmentDefinition: () => void (counts.fragments += 1),
    Field: ({ alias }) => {
      counts.fields += 1;
      if (alias) counts.aliases += 1;
    },
    SelectionSet: ({ selections }) => {
      const keys = selections.flatMap((each) => (each.kind === Kind.FIELD ? [(each.alias ?? each.name).value] : []));
      for (const key of new Set(keys)) {
        const often = keys.filter((each) => each === key).length;
        counts.merges += often * (often - 1);
      }
    },
  });
  return counts;
}

const name = fc.constantFrom('a', 'b', 'on', 'query', 'fragment', 'Aa_9');
const blank = fc.constantFrom(' ', ', ', '\n', '\r\n', ' # }"{ \n', '\ufeff', '\t');
const value = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      '1',
      '-2',
      '3.5e-7',
      '"{a:"',
      '"\\"{"',
      '"\\\\"',
      '""',
      '"""{ \\""" } " "" """',
      '""""""',
      'X',
      '$v',
    ),
    fc.array(tie('value'), { maxLength: 3 }).map((all) => `[${all.join(' ')}]`),
    fc
      .array(fc.tuple(name, tie('value')), { maxLength: 3 })
      .map((all) => `{${all.map(([key, each]) => `${key}: ${each}`).join(',')}}`),
  ),
})).value;
const given = fc
  .array(fc.tuple(name, value), { maxLength: 2 })
  .map((all) => (all.length > 0 ? `(${all.map(([key, each]) => `${key}: ${each}`).join(' ')})` : ''));
const directives = fc
  .array(fc.tuple(name, given), { maxLength: 2 })
  .map((all) => all.map(([key, each]) => ` @${key}${each}`).join(''));
const selections = fc.letrec<{ set: string }>((tie) => ({
  set: fc
    .array(
      fc.oneof(
        { maxDepth: 4 },
        fc
          .tuple(fc.option(name), name, given, directives)
          .map(([alias, key, values, marks]) => `${alias ? `${alias} :` : ''}${key}${values}${marks}`),
        directives.map((marks) => `...F${marks}`),
        fc.tuple(name, given, tie('set')).map(([key, values, set]) => `${key}${values}${set}`),
        fc
          .tuple(fc.constantFrom('', 'on T'), directives, tie('set'))
          .map(([type, marks, set]) => `... ${type}${marks}${set}`),
      ),
      { minLength: 1, maxLength: 5 },
    )
    .chain((all) => blank.map((between) => `{${all.join(` ${between}`)}}`)),
})).set;
const definition = fc.oneof(
  selections,
  fc
    .tuple(
      fc.constantFrom(
        'query',
        'mutation',
        'query Q',
        'query fragment',
        'query ($v: [[Int!]] = [[1]] @a, $w: T = {a: {b: "{"}})',
      ),
      directives,
      selections,
    )
    .map((all) => all.join(' ')),
  fc
    .tuple(fc.constantFrom('fragment F on T', 'fragment query on on'), directives, selections)
    .map((all) => all.join(' ')),
);
const written = fc.array(definition, { minLength: 1, maxLength: 4 }).map((all) => all.join('\n'));

describe('what is counted by signs alone', () => {
  it('is what graphql-js counts in its tokens and its tree', () => {
    fc.assert(
      fc.property(written, (text) => expect(scanned(text)).toEqual({ ...lexed(text), ...walked(text) })),
      { numRuns: 500 },
    );
  });

  it('is what graphql-js counts up to where a text ends to be GraphQL', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '{',
        '}',
        '(',
        ')',
        '[',
        ']',
        '"',
        '"""',
        '\\',
        '...',
        '..',
        '.',
        '@',
        ':',
        '#',
        '\n',
        '-',
        '0',
        '1.',
        'e',
        '?',
        '\u00e9',
        '\ud83d\ude00',
        '$',
        '!',
        '|',
        '&',
        '=',
      ),
      name,
      blank,
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join('');
        const { tokens, name: longest, nesting, directives: marks } = scanned(text);
        // The scan may go on a little further, where graphql-js looks more closely at a number or a text.
        const counted = lexed(text);
        for (const [ours, theirs] of [
          [tokens, counted.tokens],
          [longest, counted.name],
          [nesting, counted.nesting],
          [marks, counted.directives],
        ] as const)
          expect(ours).toBeGreaterThanOrEqual(theirs);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['an open string', `{ a(b: "${'{'.repeat(1_000)}`],
    ['an open block of text', `{ a(b: """${'{'.repeat(1_000)}`],
    ['a comment', `{ a } #${'{'.repeat(1_000)}`],
  ])('takes no bracket within %s for one', (_what, text) => expect(scanned(text).nesting).toBeLessThan(3));

  it('lets a document be refused without parsing it, also where fragments hide its size', () => {
    const many = Array.from({ length: 101 }, (_, n) => `a${n}: id`).join(' ');
    for (const text of [`{ a { ${many} } } }`, `fragment F on T { ${many} } {`])
      expect(() => parseWithin(text, DEFAULT_LIMITS)).toThrow('A document has at most 100 aliases.');
  });
});
