import { isIP } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { isZone } from './platform/business-time';
import { parseMinor } from './platform/money';
import type { Logins } from './platform/database-roles';
import { DEFAULT_LIMITS, type DocumentLimits } from './platform/document-limits';
import { encryptionEnvironment, unencryptedIn, unverifiedHostsIn } from './platform/encryption-settings';
import { DomainError } from './platform/errors';
import { openIdEnvironment, openIdIn, type OpenIdSettings } from './platform/openid-settings';
import { keepingEnvironment, keepingIn, type KeepingSettings } from './platform/keeping-settings';
import { withFiles } from './platform/mounted-secrets';
import { listIn, numbersIn } from './platform/settings-text';
import { DEFAULT_STREAMS, type StreamLimits } from './platform/stream-limits';
import { trailEnvironment, type TrailSettings, trailSettingsIn } from './platform/trail-settings';

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });

/** Names that Express knows, addresses, or networks in CIDR form. */
const areProxies = (text: string): boolean =>
  listIn(text).every((each) => {
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

/** Requests a minute; 0 means without a limit. */
const perMinute = (usual: number) => z.coerce.number().int().min(0).max(100_000_000).default(usual);

/** Those of the usual limits that are raised or lowered. */
const limitsOf = <L extends Readonly<Record<string, number>>>(usual: L) =>
  numbersIn(usual, /^[1-9]\d{0,8}$/, 'is no limit');

/** What sensitive values are usually seen for. */
const USUAL_PURPOSES = listIn('customer request,complaint,payment,dispute,tax,correction,fraud,regulator,audit');

/** `10000.00 EUR` */
function amountOf(text: string, context: z.RefinementCtx): Config['stepUpAbove'] {
  try {
    const [amount = '', currency = ''] = text.trim().split(/\s+/);
    return { minor: parseMinor(amount, currency), currency };
  } catch {
    context.addIssue(`${text} is no amount`);
    return z.NEVER;
  }
}

const environment = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_API_URL: postgresUrl.optional(),
  DATABASE_SEALER_URL: postgresUrl.optional(),
  DATABASE_AUDITOR_URL: postgresUrl.optional(),
  DATABASE_REPLICA_URLS: z
    .string()
    .refine((text) => listIn(text).every((each) => postgresUrl.safeParse(each).success))
    .optional(),
  REPLICA_LAG_SECONDS: z.coerce.number().int().min(1).max(3600).default(30),
  DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(20),
  DATA_DIRECTORY: z.string().min(1).default('.data'),
  ...keepingEnvironment,
  DEMO_DATA: flag.optional(),
  DEMO_PASSWORD: z.string().min(1).max(128).optional(),
  SESSION_IDLE_MINUTES: z.coerce.number().int().min(1).max(720).default(15),
  REVEALS_PER_DAY: z.coerce.number().int().min(0).max(1_000_000).default(100),
  REVEAL_PURPOSES: z
    .string()
    .refine((text) => listIn(text).every((each) => each.length >= 1 && each.length <= 100))
    .optional(),
  BUSINESS_TIME_ZONE: z.string().refine(isZone).default('UTC'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  FIRST_USERS: z.string().optional(),
  TRUSTED_PROXIES: z.string().refine(areProxies).optional(),
  REQUEST_SECONDS: z.coerce.number().int().min(1).max(600).default(30),
  LIMITS: z.string().transform(limitsOf<DocumentLimits>(DEFAULT_LIMITS)).optional(),
  STREAMS: z.string().transform(limitsOf<StreamLimits>(DEFAULT_STREAMS)).optional(),
  RATE_PER_USER: perMinute(300_000),
  RATE_PER_ADDRESS: perMinute(600_000),
  REFUSALS_PER_SECOND: z.coerce.number().int().min(0).max(1_000_000).default(10),
  SIGN_IN_TRIES: z.coerce.number().int().min(1).max(1_000_000).default(10),
  SIGN_IN_TRIES_PER_ADDRESS: z.coerce.number().int().min(1).max(1_000_000).default(50),
  SECOND_FACTOR: z.enum(['required', 'approvers', 'optional']).optional(),
  ONE_TIME_CODE_DRIFT: z.coerce.number().int().min(0).max(1).default(0),
  STEP_UP_ABOVE: z.string().transform(amountOf).optional(),
  BILLING_FUSE_PERCENT: z.coerce.number().int().min(1).max(1_000_000).default(50),
  DORMANT_DAYS: z.coerce.number().int().min(0).max(36_500).default(90),
  TRUSTED_DOCUMENTS: z.string().optional(),
  USAGE_TOKEN: z.string().min(1).max(512).optional(),
  METRICS_TOKEN: z.string().min(16).max(512).optional(),
  JOBS: flag.default(true),
  WEBHOOK_PRIVATE_HOSTS: z.string().optional(),
  ...trailEnvironment,
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  ...encryptionEnvironment,
  ...openIdEnvironment,
});

/** The names of all settings. */
export const settingNames: readonly string[] = Object.keys(environment.shape);

/** What can be set from outside, checked and frozen. README.md explains each. */
export interface Config extends KeepingSettings {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** Owner of the database: migrates it and makes the API's role. Absent: the embedded server is started. */
  readonly databaseUrl: string | undefined;
  /** How the API, its sealer and auditors log in, where an administrator has made that by hand. Absent: it is made at start. */
  readonly logins: Logins | undefined;
  /** Streaming replicas of it that may be read from. */
  readonly replicaUrls: readonly string[];
  /** How far a replica may be behind at most before nobody reads from it. */
  readonly replicaLagSeconds: number;
  /** Connections of this process to the primary, and to each replica. */
  readonly databasePool: number;
  readonly dataDirectory: string;
  readonly demoData: boolean;
  readonly demoPassword: string | undefined;
  /** How long a session may rest; it lasts 12 hours at most. */
  readonly sessionIdleMinutes: number;
  /** Whose tokens are let in beside our own; null: nobody's. */
  readonly openId: OpenIdSettings | null;
  /** How many sensitive values one person may see within 24 hours, unless two people allowed more. */
  readonly revealsPerDay: number;
  /** What sensitive values may be seen for. Null, outside of production alone: anything, also what nobody says. */
  readonly revealPurposes: readonly string[] | null;
  /** IANA zone of the firm's own books: it decides in which fiscal year an invoice is issued. */
  readonly businessTimeZone: string;
  readonly logLevel: string;
  /** A file that names the first users of an empty production database. */
  readonly firstUsers: string | undefined;
  /** Addresses or networks whose X-Forwarded-For is believed; nobody's unless told. */
  readonly trustedProxies: readonly string[];
  /** How long a request may take, from its first byte to its answer. */
  readonly requestSeconds: number;
  /** What a document and its body may be at most. */
  readonly limits: DocumentLimits;
  /** How many streams of subscriptions there may be, and what one may ask of the process. */
  readonly streams: StreamLimits;
  /** Requests that one process takes in a minute from a user and from an address; 0: without a limit. */
  readonly ratePerUser: number;
  readonly ratePerAddress: number;
  /** Refusals of one address in a second that are answered at once, those beyond a little later; 0: all at once. */
  readonly refusalsPerSecond: number;
  /** Whose roles count with a second factor alone: everybody’s, or those that approve, administer or audit. */
  readonly secondFactor: 'required' | 'approvers' | 'optional';
  /** How many periods of 30 seconds before and after its own a one-time code is taken in. */
  readonly oneTimeCodeDrift: number;
  /** Approvals of more than this ask for a one-time code. */
  readonly stepUpAbove: { readonly minor: bigint; readonly currency: string };
  /** How far, in percent, an account’s bill may lie off the average of its last ones before it is looked at. */
  readonly billingFusePercent: number;
  /** After so many days without use a user is deactivated; 0: never. */
  readonly dormantDays: number;
  /** Tries to sign in that fail before nobody gets in for half an hour: for an e-mail address, and from one address of the network. */
  readonly signInTries: number;
  readonly signInTriesPerAddress: number;
  /** A file of documents; nothing else is answered then. */
  readonly trustedDocuments: string | undefined;
  /** The bearer token of whoever imports calls on the command line. */
  readonly usageToken: string | undefined;
  /** Who bears it may read /metrics. Absent: it is open outside of production and closed in it. */
  readonly metricsToken: string | undefined;
  /** Where traces are sent to, over OTLP/HTTP. */
  readonly traceEndpoint: string | undefined;
  /** Whether this process runs jobs. */
  readonly jobs: boolean;
  /** Hosts that webhooks may point to in production, though their address is private or they have no TLS. */
  readonly webhookPrivateHosts: readonly string[];
  /** Hosts that are reached in production without TLS that is verified, since something else encrypts it. */
  readonly unverifiedHosts: readonly string[];
  readonly audit: TrailSettings;
}

/** In minor units: ten thousand euros. */
export const STEP_UP_ABOVE = Object.freeze({ minor: 1_000_000n, currency: 'EUR' });

/**
 * Reads the environment, once; `over` wins over it. Refuses with CONFIGURATION_INVALID, naming each setting that is wrong and never its value.
 * In production a missing, short or published master key is refused, and so is demonstration data.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, over: NodeJS.ProcessEnv = {}): Config {
  // An empty setting is one that is not set: compose files and shells leave such behind.
  const given = Object.entries({ ...env, ...over }).filter(([, value]) => value !== '');
  const parsed = environment.safeParse(withFiles(Object.fromEntries(given)));
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => issue.path.join('.'));
    throw invalid(`These settings are not valid: ${[...new Set(wrong)].join(', ')}.`);
  }
  const settings = parsed.data;
  const production = settings.NODE_ENV === 'production';
  const dataDirectory = path.resolve(settings.DATA_DIRECTORY);
  const demoData = settings.DEMO_DATA ?? !production;
  if (production && settings.DEMO_DATA)
    throw invalid('Demonstration data does not belong in production: unset DEMO_DATA.');
  if (production && settings.DEMO_PASSWORD) throw invalid('DEMO_PASSWORD does not belong in production: unset it.');
  if (production) assertEncrypted(settings);
  return Object.freeze({
    production,
    host: settings.HOST,
    port: settings.PORT,
    databaseUrl: settings.DATABASE_URL,
    logins: loginsIn(settings),
    replicaUrls: settings.DATABASE_REPLICA_URLS ? listIn(settings.DATABASE_REPLICA_URLS) : [],
    replicaLagSeconds: settings.REPLICA_LAG_SECONDS,
    databasePool: settings.DATABASE_POOL,
    dataDirectory,
    ...keepingIn(settings, { production, demoData, dataDirectory }),
    demoData,
    demoPassword: settings.DEMO_PASSWORD,
    sessionIdleMinutes: settings.SESSION_IDLE_MINUTES,
    openId: openIdOf(settings, production),
    revealsPerDay: settings.REVEALS_PER_DAY,
    revealPurposes: settings.REVEAL_PURPOSES ? listIn(settings.REVEAL_PURPOSES) : production ? USUAL_PURPOSES : null,
    businessTimeZone: settings.BUSINESS_TIME_ZONE,
    logLevel: settings.LOG_LEVEL,
    firstUsers: settings.FIRST_USERS,
    trustedProxies: settings.TRUSTED_PROXIES ? listIn(settings.TRUSTED_PROXIES) : [],
    requestSeconds: settings.REQUEST_SECONDS,
    limits: Object.freeze({ ...DEFAULT_LIMITS, ...settings.LIMITS }),
    streams: Object.freeze({ ...DEFAULT_STREAMS, ...settings.STREAMS }),
    ratePerUser: settings.RATE_PER_USER,
    ratePerAddress: settings.RATE_PER_ADDRESS,
    refusalsPerSecond: settings.REFUSALS_PER_SECOND,
    signInTries: settings.SIGN_IN_TRIES,
    signInTriesPerAddress: settings.SIGN_IN_TRIES_PER_ADDRESS,
    secondFactor: settings.SECOND_FACTOR ?? (production ? 'required' : 'optional'),
    oneTimeCodeDrift: settings.ONE_TIME_CODE_DRIFT,
    billingFusePercent: settings.BILLING_FUSE_PERCENT,
    stepUpAbove: settings.STEP_UP_ABOVE ?? STEP_UP_ABOVE,
    dormantDays: settings.DORMANT_DAYS,
    trustedDocuments: settings.TRUSTED_DOCUMENTS,
    usageToken: settings.USAGE_TOKEN,
    metricsToken: settings.METRICS_TOKEN,
    traceEndpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
    jobs: settings.JOBS,
    webhookPrivateHosts: settings.WEBHOOK_PRIVATE_HOSTS ? listIn(settings.WEBHOOK_PRIVATE_HOSTS.toLowerCase()) : [],
    unverifiedHosts: unverifiedHostsIn(settings),
    audit: trailSettingsIn(settings, dataDirectory),
  });
}

/** All of them or none. */
function loginsIn(settings: z.infer<typeof environment>): Logins | undefined {
  const { DATABASE_API_URL: api, DATABASE_SEALER_URL: sealer, DATABASE_AUDITOR_URL: auditor } = settings;
  if (api && sealer && auditor) return { api, sealer, auditor };
  if (!api && !sealer && !auditor) return undefined;
  throw invalid('DATABASE_API_URL, DATABASE_SEALER_URL and DATABASE_AUDITOR_URL are set together.');
}

function assertEncrypted(settings: z.infer<typeof environment>): void {
  const { DATABASE_URL, DATABASE_API_URL, DATABASE_SEALER_URL, DATABASE_AUDITOR_URL, DATABASE_REPLICA_URLS } = settings;
  const { OTEL_EXPORTER_OTLP_ENDPOINT, AUDIT_CHECKPOINT_URL } = settings;
  const unencrypted = unencryptedIn(settings, {
    databases: { DATABASE_URL, DATABASE_API_URL, DATABASE_SEALER_URL, DATABASE_AUDITOR_URL, DATABASE_REPLICA_URLS },
    others: { OTEL_EXPORTER_OTLP_ENDPOINT, AUDIT_CHECKPOINT_URL },
  });
  if (unencrypted) throw invalid(unencrypted);
}

function openIdOf(settings: z.infer<typeof environment>, production: boolean): OpenIdSettings | null {
  const openId = openIdIn(settings, production);
  if (typeof openId === 'string') throw invalid(openId);
  return openId;
}

const invalid = (message: string) => new DomainError('CONFIGURATION_INVALID', message);
