import { type Config, STEP_UP_ABOVE } from '../config';
import { formatMinor } from '../platform/money';
import { DEFAULT_LIMITS } from '../platform/document-limits';
import { type App, ownContext } from '../platform/context';
import type { FieldChange } from '../platform/operation';
import { inTransaction } from '../platform/transaction';
import { tellOfRotation } from './key-rotation';
import { tellOfMigrations } from './migrated';
import { record } from './record';

const shown = ({ minor, currency }: Config['stepUpAbove']): string => `${formatMinor(minor, currency)} ${currency}`;

/** What is usual, and what less than that (or more) says that a control is weaker than it comes. */
const WEAKER: readonly [
  setting: string,
  of: (config: Config) => unknown,
  usual: unknown,
  weaker: (config: Config) => boolean,
][] = [
  ['AUDIT_SEALING', ({ audit }) => audit.sealing, true, ({ audit }) => !audit.sealing],
  ['JOBS', ({ jobs }) => jobs, true, ({ jobs }) => !jobs],
  [
    'WEBHOOK_PRIVATE_HOSTS',
    ({ webhookPrivateHosts }) => webhookPrivateHosts,
    [],
    ({ webhookPrivateHosts }) => webhookPrivateHosts.length > 0,
  ],
  [
    'UNVERIFIED_HOSTS',
    ({ unverifiedHosts }) => unverifiedHosts,
    [],
    ({ unverifiedHosts }) => unverifiedHosts.length > 0,
  ],
  ['REVEALS_PER_DAY', ({ revealsPerDay }) => revealsPerDay, 100, ({ revealsPerDay }) => revealsPerDay > 100],
  ['SIGN_IN_TRIES', ({ signInTries }) => signInTries, 10, ({ signInTries }) => signInTries > 10],
  [
    'SIGN_IN_TRIES_PER_ADDRESS',
    (config) => config.signInTriesPerAddress,
    50,
    (config) => config.signInTriesPerAddress > 50,
  ],
  ['SECOND_FACTOR', ({ secondFactor }) => secondFactor, 'required', ({ secondFactor }) => secondFactor !== 'required'],
  [
    'OIDC_SCOPE',
    ({ openId }) => openId?.scopes ?? [],
    'a scope',
    ({ openId }) => openId !== null && openId.scopes.length === 0,
  ],
  ['OIDC_LINK_BY_EMAIL', () => true, false, ({ openId }) => openId?.linksByEmail === true],
  [
    'ONE_TIME_CODE_DRIFT',
    ({ oneTimeCodeDrift }) => oneTimeCodeDrift,
    0,
    ({ oneTimeCodeDrift }) => oneTimeCodeDrift > 0,
  ],
  [
    'STEP_UP_ABOVE',
    ({ stepUpAbove }) => shown(stepUpAbove),
    shown(STEP_UP_ABOVE),
    ({ stepUpAbove: { minor, currency } }) => currency !== STEP_UP_ABOVE.currency || minor > STEP_UP_ABOVE.minor,
  ],
  ['DORMANT_DAYS', (config) => config.dormantDays, 90, ({ dormantDays }) => dormantDays === 0 || dormantDays > 90],
  ['RATE_PER_USER', ({ ratePerUser }) => ratePerUser, 300_000, ({ ratePerUser }) => ratePerUser === 0],
  ['RATE_PER_ADDRESS', ({ ratePerAddress }) => ratePerAddress, 600_000, ({ ratePerAddress }) => ratePerAddress === 0],
  ['LOG_LEVEL', ({ logLevel }) => logLevel, 'info', ({ logLevel }) => ['fatal', 'silent'].includes(logLevel)],
];

/** The settings that make a control weaker than it comes, as changes from what is usual. */
export function weakened(config: Config): FieldChange[] {
  const settings = WEAKER.filter(([, , , weaker]) => weaker(config)).map(([path, of, before]) => ({
    path,
    before,
    after: of(config),
  }));
  const limits = Object.entries(DEFAULT_LIMITS).flatMap(([name, usual]) => {
    const set = config.limits[name as keyof typeof DEFAULT_LIMITS];
    return set > usual ? [{ path: `LIMITS.${name}`, before: usual, after: set }] : [];
  });
  return [...settings, ...limits];
}

/**
 * A process came up: whether it is the first under a new key, what was migrated on the way here, and what of its configuration weakens a
 * control. Refuses with MASTER_KEY_UNKNOWN.
 */
export async function tellOfStart(app: App): Promise<void> {
  await tellOfRotation(app);
  const { config } = app;
  const started = { path: 'mode', before: null, after: config.production ? 'production' : 'development' };
  const changes = weakened(config);
  await inTransaction(ownContext(app, 'lifecycle'), async (tx) => {
    await tellOfMigrations(tx);
    await record(tx, { action: 'server.started', outcome: 'DONE', changes: [started] });
    if (changes.length > 0) await record(tx, { action: 'configuration.weakened', outcome: 'DONE', changes });
  });
}

/** It goes down in order. One that is killed tells nothing; the next start does. */
export const tellOfStop = (app: App, signal: string): Promise<void> =>
  inTransaction(ownContext(app, 'lifecycle'), (tx) =>
    record(tx, { action: 'server.stopped', outcome: 'DONE', reason: signal }),
  );
