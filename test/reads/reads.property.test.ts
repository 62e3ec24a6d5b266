import fc from 'fast-check';
import { type DocumentNode, parse, TypeInfo, validate, visit, visitWithTypeInfo } from 'graphql';
import { type Comparison, shown, startComparison } from './comparison';
import { isModest } from './document-cost';
import { DocumentModels } from './document-model';
import { typesOf, WORKED_OUT } from './everything';
import { printedSchema } from './naive-reader';
import { type Written, written } from './write-document';

/** How many documents, and from which seed: `READS_DOCUMENTS=5000 READS_SEED=7 npx jest test/reads/reads.property`. */
const DOCUMENTS = Number(process.env.READS_DOCUMENTS ?? 25);
const SEED = Number(process.env.READS_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** So many over one database: what is refused leaves events, and the trail grows. */
const BATCH = 400;
const SECONDS = 60 + DOCUMENTS * 2;

const schema = printedSchema();

/** When a property fails, fast-check prints its seed and the smallest document that it fails for. */
const documentsOf = ({ samples }: Comparison): fc.Arbitrary<Written> =>
  new DocumentModels(schema, samples)
    .document()
    .map((model) => written(model, schema, samples))
    .filter(isModest)
    .map((each) => Object.assign(each, { [fc.toStringMethod]: () => shown({ ...each, variables: each.runs[0]! }) }));

/** How many documents are made at a time until there is one of each kind, and how many at most. */
const SAMPLE = 500;
const MOST = 8_000;

describe('the documents', () => {
  let comparison: Comparison;
  beforeAll(async () => {
    comparison = await startComparison();
  }, 180_000);
  afterAll(() => comparison.close());

  it('are valid, and ask for every field and argument that can be reached, and for all that there is of the language', () => {
    const asked = new Set<string>();
    const met = new Set<RegExp>();
    let made = 0;
    let missing = ['everything'];
    while (missing.length > 0 && made < MOST) {
      for (const { text } of fc.sample(documentsOf(comparison), { numRuns: SAMPLE, seed: made + 1 })) {
        const document = parse(text);
        const [wrong] = validate(schema, document);
        if (wrong) throw new Error(`${wrong.message}\n${text}`);
        for (const each of askedIn(document)) asked.add(each);
        for (const part of LANGUAGE) if (!met.has(part) && part.test(text)) met.add(part);
      }
      made += SAMPLE;
      missing = [
        ...reachable().filter((each) => !asked.has(each)),
        ...LANGUAGE.filter((part) => !met.has(part)).map(String),
      ];
    }
    process.stdout.write(`${made} documents ask for everything\n`);
    expect(missing).toEqual([]);
  }, 180_000);
});

/** `Type.field` and `field(argument)` of what a document asks for. */
function askedIn(document: DocumentNode): Set<string> {
  const asked = new Set<string>();
  const info = new TypeInfo(schema);
  const note = {
    Field: () => void asked.add(`${info.getParentType()!.name}.${info.getFieldDef()!.name}`),
    Argument: () => void asked.add(`${info.getFieldDef()?.name ?? '@'}(${info.getArgument()!.name})`),
  };
  visit(document, visitWithTypeInfo(info, note));
  return asked;
}

/** All that can be asked for, but for what is worked out. */
const reachable = (): string[] =>
  typesOf(schema).flatMap((type) =>
    Object.values(type.getFields()).flatMap((field) =>
      WORKED_OUT.includes(`${type.name}.${field.name}`)
        ? []
        : [`${type.name}.${field.name}`, ...field.args.map(({ name }) => `${field.name}(${name})`)],
    ),
  );

/** What of the language is met at least once. */
const LANGUAGE = [
  /^{/,
  /query Q1/,
  /\.\.\.F\d+ @/,
  /\.\.\. {/,
  /\.\.\. @/,
  /\.\.\. on \w+ @/,
  /@include\(if: \$/,
  /@skip\(if: true\)/,
  /__typename/,
  /__schema {/,
  /__type\(name: \$/,
  /: \w+Filter = {/,
  /: \w+Filter!/,
  /filter: null/,
  /filter: {[^}]*\$/,
  /first: null/,
  /orderBy: \$/,
  /(\w+\(first: \d[^$()]*\)).* \1/,
];

it(
  'any document at all is answered as graphql-js answers it over plain rows, to everybody',
  async () => {
    let [documents, answers] = [0, 0];
    for (let batch = 0; batch * BATCH < DOCUMENTS; batch += 1) {
      const comparison = await startComparison();
      try {
        const property = fc.asyncProperty(documentsOf(comparison), async (document) => {
          documents += 1;
          await alike(comparison, document);
        });
        await fc.assert(property, {
          numRuns: Math.min(BATCH, DOCUMENTS - batch * BATCH),
          seed: SEED + batch,
          // Making it smaller must not take so long that nothing is told at all.
          plugins: [fc.interruptAfterTimeLimit(SECONDS * 1000, { failOnInterrupt: true })],
        });
      } finally {
        answers += comparison.answers;
        const ways = await waysOf(comparison);
        process.stdout.write(`reads: seed ${SEED}, ${documents} documents, ${answers} answers compared (${ways})\n`);
        await comparison.close();
      }
    }
  },
  (SECONDS + 120) * 1000,
);

/** How the answers of a batch came about: a proof of plans should meet plans. */
async function waysOf({ t }: Comparison): Promise<string> {
  const { values } = await t.served.app.metrics.reads.get();
  return values.map(({ labels, value }) => `${value} ${labels.way}`).join(', ');
}

/** Everybody, with other variables, and some again: what was kept of one request is nothing to another. */
async function alike(comparison: Comparison, { text, runs, operationName }: Written): Promise<void> {
  const turn = text.length % comparison.viewers.length;
  const viewers = [...comparison.viewers.slice(turn), ...comparison.viewers.slice(0, turn)];
  for (const variables of runs) await comparison.alike({ text, variables, operationName }, viewers);
  await comparison.alike({ text, variables: runs[0]!, operationName }, viewers.slice(0, 4));
}
