import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { isZone } from './platform/business-time';
import { DomainError } from './platform/errors';

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

const proxiesIn = (text: string): string[] => text.split(',').map((each) => each.trim());

/** Names that Express knows, addresses, or networks in CIDR form. */
const areProxies = (text: string): boolean =>
  proxiesIn(text).every((each) => {
    const [address = '', bits = '0', more] = each.split('/');
    const named = ['loopback', 'linklocal', 'uniquelocal'].includes(each);
    return (
      named ||
      (isIP(address) !== 0 &&
        more === undefined &&
        /^\d{1,3}$/.test(bits) &&
        Number(bits) <= (isIP(address) === 4 ? 32 : 128))
    );
  });

const environment = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_API_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(20),
  DATA_DIRECTORY: z.string().min(1).default('.data'),
  MASTER_KEY: z.string().optional(),
  DEMO_DATA: flag.optional(),
  DEMO_PASSWORD: z.string().min(1).max(128).optional(),
  REVEALS_PER_DAY: z.coerce.number().int().min(0).max(1_000_000).default(100),
  BUSINESS_TIME_ZONE: z.string().refine(isZone).default('UTC'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  FIRST_USERS: z.string().optional(),
  TRUSTED_PROXIES: z.string().refine(areProxies).optional(),
});

/** What can be set from outside, checked and frozen. README.md explains each. */
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** Owner of the database: migrates it and makes the API's role. Absent: the embedded server is started. */
  readonly databaseUrl: string | undefined;
  /** The API's own login, where an administrator has made it by hand. Absent: it is made at start. */
  readonly databaseApiUrl: string | undefined;
  readonly databasePool: number;
  readonly dataDirectory: string;
  /** 32 bytes, from which every other key is derived. */
  readonly masterKey: Buffer;
  readonly demoData: boolean;
  readonly demoPassword: string | undefined;
  /** How many sensitive values one person may see within 24 hours. */
  readonly revealsPerDay: number;
  /** IANA zone of the firm's own books: it decides in which fiscal year an invoice is issued. */
  readonly businessTimeZone: string;
  readonly logLevel: string;
  /** A file that names the first users of an empty production database. */
  readonly firstUsers: string | undefined;
  /** Addresses or networks whose X-Forwarded-For is believed; nobody's unless told. */
  readonly trustedProxies: readonly string[];
}

/** The key of docker/compose.yaml, which anybody can read. */
const PUBLISHED_KEY = Buffer.from('change-me-change-me-change-me-12');

/**
 * Reads the environment, once; `over` wins over it. Refuses with CONFIGURATION_INVALID, naming each setting that is wrong and never its value.
 * In production a missing, short or published MASTER_KEY is refused, and so is demonstration data.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, over: NodeJS.ProcessEnv = {}): Config {
  // An empty setting is one that is not set: compose files and shells leave such behind.
  const given = Object.entries({ ...env, ...over }).filter(([, value]) => value !== '');
  const parsed = environment.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => issue.path.join('.'));
    throw invalid(`These settings are not valid: ${[...new Set(wrong)].join(', ')}.`);
  }
  const settings = parsed.data;
  const production = settings.NODE_ENV === 'production';
  const dataDirectory = path.resolve(settings.DATA_DIRECTORY);
  if (production && settings.DEMO_DATA)
    throw invalid('Demonstration data does not belong in production: unset DEMO_DATA.');
  if (production && settings.DEMO_PASSWORD) throw invalid('DEMO_PASSWORD does not belong in production: unset it.');
  if (production && !settings.MASTER_KEY) throw invalid('MASTER_KEY is missing: 32 random bytes in base64.');
  return Object.freeze({
    production,
    host: settings.HOST,
    port: settings.PORT,
    databaseUrl: settings.DATABASE_URL,
    databaseApiUrl: settings.DATABASE_API_URL,
    databasePool: settings.DATABASE_POOL,
    dataDirectory,
    masterKey: settings.MASTER_KEY ? decodeKey(settings.MASTER_KEY, production) : keptKey(dataDirectory),
    demoData: settings.DEMO_DATA ?? !production,
    demoPassword: settings.DEMO_PASSWORD,
    revealsPerDay: settings.REVEALS_PER_DAY,
    businessTimeZone: settings.BUSINESS_TIME_ZONE,
    logLevel: settings.LOG_LEVEL,
    firstUsers: settings.FIRST_USERS,
    trustedProxies: settings.TRUSTED_PROXIES ? proxiesIn(settings.TRUSTED_PROXIES) : [],
  });
}

const invalid = (message: string) => new DomainError('CONFIGURATION_INVALID', message);

function decodeKey(text: string, production: boolean): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length !== 32) throw invalid('MASTER_KEY must be 32 bytes in base64.');
  if (production && (key.equals(PUBLISHED_KEY) || new Set(key).size < 8))
    throw invalid('MASTER_KEY is a published or trivial one: make your own with `openssl rand -base64 32`.');
  return key;
}

/** Outside production: a random key, made once and kept beside the data that it protects. */
function keptKey(directory: string): Buffer {
  const file = path.join(directory, 'master.key');
  mkdirSync(directory, { recursive: true });
  try {
    writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return decodeKey(readFileSync(file, 'utf8').trim(), false);
}
