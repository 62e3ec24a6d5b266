import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const SRC = path.resolve(__dirname, '../src');

interface Source {
  /** `access/door.ts` */
  file: string;
  text: string;
  imports: { from: string; typeOnly: boolean; names: string }[];
}

const IMPORT = /^import\s+(type\s+)?([\s\S]*?)\s*from\s+'([^']+)';/gm;

const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const text = readFileSync(path.join(SRC, file), 'utf8');
    const imports = [...text.matchAll(IMPORT)].map(([, typeOnly, names, from]) => ({
      from: from!,
      typeOnly: Boolean(typeOnly),
      names: names!,
    }));
    return { file, text, imports };
  });

/** The order of the house: a place imports from itself and from what stands before it. */
const ORDER = [
  'platform',
  'config',
  'audit',
  'access',
  'approvals',
  'reviews',
  'notifications',
  'issuers',
  'accounts',
  'taxes',
  'agreements',
  'usage',
  'billing',
  'rating',
  'credits',
  'disputes',
  'complaints',
  'documents',
  'privacy',
  'entities',
  'catalogue',
  'first-users',
  'ready',
  'reads',
  'schema',
  'print-schema',
  'answer',
  'subscriptions',
  'explorer',
  'console',
  'edge',
  'jobs',
  'app',
  'open-database',
  'audit-installation',
  'usage-installation',
  'keys-command',
  'audit-command',
  'usage-command',
  'demo',
  'main',
];

const placeOf = (file: string) => file.split('/')[0]!.replace(/\.ts$/, '');
const resolved = (file: string, from: string) => path.join(path.dirname(file), from);

/** What breaks a rule, as lines that say where. */
const offenders = (rule: (source: Source) => string[]) =>
  sources.flatMap((source) => rule(source).map((what) => `${source.file}: ${what}`));

const ending = (suffix: string) => (rule: (source: Source) => string[]) =>
  offenders((source) => (source.file.endsWith(suffix) ? rule(source) : []));

const importing =
  (...packages: string[]) =>
  (source: Source) =>
    source.imports
      .filter(
        ({ from, typeOnly }) => !typeOnly && packages.some((each) => from === each || from.startsWith(`${each}/`)),
      )
      .map(({ from }) => `imports ${from}`);

const matching = (pattern: RegExp, what: string) => (source: Source) => (pattern.test(source.text) ? [what] : []);

describe('the house keeps its order', () => {
  it('knows every place in src', () => {
    expect(
      offenders(({ file }) => (ORDER.includes(placeOf(file)) ? [] : ['has no place in the order of this test'])),
    ).toEqual([]);
  });

  it('imports point one way, so that a feature can be read without what comes after it', () => {
    const against = offenders(({ file, imports }) =>
      imports
        .filter(({ from }) => from.startsWith('.'))
        // A type is erased: platform/context.ts names the configuration that it carries.
        .filter(({ from, typeOnly }) => !(typeOnly && resolved(file, from) === 'config'))
        .map(({ from }) => resolved(file, from))
        .filter((target) => !target.startsWith('..') && ORDER.indexOf(placeOf(target)) > ORDER.indexOf(placeOf(file)))
        .map((target) => `imports ${target}, which comes later`),
    );
    expect(against).toEqual([]);
  });

  it('has two levels at most, roles and data apart, and no barrels', () => {
    expect(
      offenders(({ file }) =>
        file.split('/').length > 2 && !file.startsWith('access/roles/') ? ['stands too deep'] : [],
      ),
    ).toEqual([]);
    expect(offenders(({ file }) => (path.basename(file) === 'index.ts' ? ['is a barrel'] : []))).toEqual([]);
  });

  it('reads the environment in config.ts alone', () => {
    expect(
      offenders((source) =>
        source.file === 'config.ts' ? [] : matching(/process\.env/, 'reads the environment')(source),
      ),
    ).toEqual([]);
  });

  it('opens transactions in platform/transaction.ts alone, where a missing event is noticed', () => {
    expect(
      offenders((source) =>
        source.file === 'platform/transaction.ts'
          ? []
          : matching(/\.transaction\(|startTransaction|'BEGIN'/, 'opens a transaction')(source),
      ),
    ).toEqual([]);
  });

  it('imports an operation in the catalogue alone, so that there is no way round submit', () => {
    const operations = sources.flatMap(({ text }) =>
      [...text.matchAll(/export const (\w+) = operation\(/g)].map(([, name]) => name!),
    );
    expect(operations.length).toBeGreaterThan(25);
    const round = offenders(({ file, imports }) =>
      file === 'catalogue.ts'
        ? []
        : imports
            .flatMap(({ names }) => operations.filter((name) => new RegExp(`\\b${name}\\b`).test(names)))
            .map((name) => `imports ${name}`),
    );
    expect(round).toEqual([]);
  });

  it('names one operation a file, after the file', () => {
    const misnamed = offenders(({ file, text }) => {
      const names = [...text.matchAll(/export const (\w+) = operation\(/g)].map(([, name]) => name!);
      const expected = path.basename(file, '.ts').replace(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
      return names.filter((name) => name !== expected || names.length > 1).map((name) => `holds ${name}`);
    });
    expect(misnamed).toEqual([]);
  });
});

describe('a suffix says its layer', () => {
  it('rules are pure: no TypeORM, GraphQL, CASL, and no clock', () => {
    expect(ending('.rules.ts')(importing('typeorm', 'graphql', 'type-graphql', '@casl/ability', 'pg'))).toEqual([]);
    expect(ending('.rules.ts')(matching(/new Date\(\)|Date\.now|Math\.random/, 'reads the clock or chance'))).toEqual(
      [],
    );
  });

  it('entities know no GraphQL, types no TypeORM', () => {
    expect(ending('.entity.ts')(importing('graphql', 'type-graphql'))).toEqual([]);
    expect(ending('.type.ts')(importing('typeorm'))).toEqual([]);
  });

  it('resolvers only pass on: no entity, no rule, no SQL', () => {
    expect(
      ending('.resolver.ts')(({ imports }) =>
        imports
          .filter(({ from }) => /\.(entity|rules)$|^typeorm$|^pg$/.test(from))
          .map(({ from }) => `imports ${from}`),
      ),
    ).toEqual([]);
  });

  it('files hold one thought: at 300 lines it is time to look twice', () => {
    expect(
      offenders(({ text }) => (text.split('\n').length > 300 ? [`has ${text.split('\n').length} lines`] : [])),
    ).toEqual([]);
  });
});
