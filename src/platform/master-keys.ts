import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DomainError } from './errors';
import { listIn } from './settings-text';

/** Where the master key is, as the settings of those names say. */
export interface KeySettings {
  MASTER_KEY?: string | undefined;
  MASTER_KEY_FILE?: string | undefined;
  MASTER_KEY_COMMAND?: string | undefined;
  MASTER_KEYS_RETIRED?: string | undefined;
  MASTER_KEY_SECONDS: number;
}

export interface MasterKeys {
  readonly masterKey: Buffer;
  readonly retiredMasterKeys: readonly Buffer[];
}

const invalid = (message: string) => new DomainError('CONFIGURATION_INVALID', message);

/** The key of docker/compose.yaml, which anybody can read. */
const PUBLISHED_KEY = Buffer.from('change-me-change-me-change-me-12');

/**
 * The present master key and those that are retired: of a setting, of a file, or, where there is a command, unwrapped by that. Outside of production, where
 * nothing says where it is, of a file beside the data. Refuses with CONFIGURATION_INVALID, which says what is wrong and nothing of a key.
 */
export function masterKeysIn(settings: KeySettings, production: boolean, dataDirectory: string): MasterKeys {
  const { MASTER_KEY, MASTER_KEY_FILE, MASTER_KEY_COMMAND, MASTER_KEYS_RETIRED } = settings;
  if (MASTER_KEY && MASTER_KEY_FILE) throw invalid('MASTER_KEY and MASTER_KEY_FILE do not go together.');
  const from = MASTER_KEY_FILE ? 'The first line of MASTER_KEY_FILE' : 'MASTER_KEY';
  if (!MASTER_KEY && !MASTER_KEY_FILE && (production || MASTER_KEY_COMMAND))
    throw invalid(
      'MASTER_KEY is missing: 32 random bytes in base64, or a file of such (MASTER_KEY_FILE), or what MASTER_KEY_COMMAND unwraps.',
    );
  const [current = '', ...earlier] = MASTER_KEY
    ? [MASTER_KEY]
    : MASTER_KEY_FILE
      ? linesOf(MASTER_KEY_FILE)
      : kept(dataDirectory);
  const retired = [...earlier, ...(MASTER_KEYS_RETIRED ? listIn(MASTER_KEYS_RETIRED) : [])];
  const read = (which: string, text: string) =>
    decoded(
      which,
      MASTER_KEY_COMMAND ? unwrapped(MASTER_KEY_COMMAND, text, settings.MASTER_KEY_SECONDS) : text,
      production,
    );
  const masterKey = read(from, current);
  const retiredMasterKeys = retired.map((text) => read('Each of MASTER_KEYS_RETIRED', text));
  if (new Set([masterKey, ...retiredMasterKeys].map((key) => key.toString('hex'))).size <= retiredMasterKeys.length)
    throw invalid('MASTER_KEYS_RETIRED has a key twice, or that of MASTER_KEY.');
  return { masterKey, retiredMasterKeys };
}

function decoded(which: string, text: string, production: boolean): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length !== 32) throw invalid(`${which} must be 32 bytes in base64.`);
  if (production && (key.equals(PUBLISHED_KEY) || new Set(key).size < 8))
    throw invalid(`${which} must be no published or trivial one: make your own with \`openssl rand -base64 32\`.`);
  return key;
}

/** The present one in the first line, those that are retired below. */
function linesOf(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(`MASTER_KEY_FILE cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  return text.trim().split(/\s+/);
}

/**
 * Gives the wrapped key to a program, as it stands, and takes the unwrapped one in base64: `aws kms decrypt …`, `gcloud kms decrypt …`, `vault …`. What it says
 * to standard error goes to ours; what it prints is never shown.
 */
function unwrapped(command: string, wrapped: string, seconds: number): string {
  const { status, signal, error, stdout } = spawnSync(command, {
    shell: true,
    input: wrapped,
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
    maxBuffer: 65_536,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const code = error && 'code' in error ? String(error.code) : undefined;
  if (code === 'ETIMEDOUT')
    throw invalid(`MASTER_KEY_COMMAND did not end within ${seconds} seconds (MASTER_KEY_SECONDS).`);
  if (code === 'ENOBUFS') throw invalid('MASTER_KEY_COMMAND printed far more than a key.');
  // A program that does not read what it is given closes the pipe: whether it did its work, its status says.
  if (error && code !== 'EPIPE') throw invalid(`MASTER_KEY_COMMAND could not be run (${code}).`);
  if (status !== 0) throw invalid(`MASTER_KEY_COMMAND ended with ${status ?? signal}.`);
  const key = stdout.toString('utf8').trim();
  if (Buffer.from(key, 'base64').length !== 32)
    throw invalid(
      `MASTER_KEY_COMMAND printed no 32 bytes in base64 of what stands in MASTER_KEY, MASTER_KEY_FILE or MASTER_KEYS_RETIRED.`,
    );
  return key;
}

/**
 * Outside production: a random key, made once and kept beside the data that it protects. Whoever rotates it puts another line before it:
 * the first is the present one.
 */
function kept(directory: string): string[] {
  const file = path.join(directory, 'master.key');
  mkdirSync(directory, { recursive: true });
  try {
    writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return linesOf(file);
}
