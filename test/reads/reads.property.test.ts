import fc from 'fast-check';
import { parse, TypeInfo, validate, visit, visitWithTypeInfo } from 'graphql';
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

describe('the documents', () => {
  let comparison: Comparison;
  let sample: Written[];
  beforeAll(async () => {
    comparison = await startComparison();
    sample = fc.sample(documentsOf(comparison), { numRuns: 6000, seed: 1 });
  }, 180_000);
  afterAll(() => comparison.close());

  it('are valid, each of them', () => {
    const rejected = sample.flatMap(({ text }) =>
      validate(schema, parse(text)).map(({ message }) => ({ message, text })),
    );
    expect(rejected).toEqual([]);
  });

  it('ask for every field and argument that can be reached, and for all that there is of the language', () => {
    const asked = new Set<string>();
    for (const { text } of sample) {
      const info = new TypeInfo(schema);
      const note = {
        Field: () => void asked.add(`${info.getParentType()!.name}.${info.getFieldDef()!.name}`),
        Argument: () => void asked.add(`${info.getFieldDef()?.name ?? '@'}(${info.getArgument()!.name})`),
      };
      visit(parse(text), visitWithTypeInfo(info, note));
    }
    const missing = typesOf(schema).flatMap((type) =>
      Object.values(type.getFields()).flatMap((field) => {
        if (WORKED_OUT.includes(`${type.name}.${field.name}`)) return [];
        return [
          ...(asked.has(`${type.name}.${field.name}`) ? [] : [`${type.name}.${field.name}`]),
          ...field.args
            .filter(({ name }) => !asked.has(`${field.name}(${name})`))
            .map(({ name }) => `${field.name}(${name})`),
        ];
      }),
    );
    expect(missing).toEqual([]);
    for (const part of LANGUAGE)
      expect({ part, met: sample.some(({ text }) => part.test(text)) }).toEqual({ part, met: true });
  });
});

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
