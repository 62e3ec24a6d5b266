import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type KeySettings, masterKeysIn } from '../../src/platform/master-keys';
import { DomainError } from '../../src/platform/errors';

const folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [A, B] = [randomBytes(32), randomBytes(32)];
const text = (key: Buffer) => key.toString('base64');
const file = (content: string): string => {
  const name = path.join(folder, randomBytes(4).toString('hex'));
  writeFileSync(name, content);
  return name;
};
/** A key service that turns what it is given round. */
const wrap = (key: Buffer) => Array.from(text(key)).toReversed().join('');
const SERVICE = `${process.execPath} -e "process.stdin.on('data', (d) => process.stdout.write(Array.from(String(d)).reverse().join('') + '\\n'))"`;

const read = (settings: Partial<KeySettings>, production = true) =>
  masterKeysIn({ MASTER_KEY_SECONDS: 10, ...settings }, production, folder);

function refusal(settings: Partial<KeySettings>): string {
  try {
    read(settings);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'CONFIGURATION_INVALID') return error.message;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('the master key', () => {
  it.each<[string, () => Partial<KeySettings>]>([
    ['a setting', () => ({ MASTER_KEY: text(A), MASTER_KEYS_RETIRED: text(B) })],
    ['a file, the present one first', () => ({ MASTER_KEY_FILE: file(`${text(A)}\n${text(B)}\n`) })],
    [
      'a file, and a retired one of a setting',
      () => ({ MASTER_KEY_FILE: file(text(A)), MASTER_KEYS_RETIRED: text(B) }),
    ],
    [
      'a command that unwraps',
      () => ({ MASTER_KEY: wrap(A), MASTER_KEYS_RETIRED: wrap(B), MASTER_KEY_COMMAND: SERVICE }),
    ],
    [
      'a file of wrapped ones',
      () => ({ MASTER_KEY_FILE: file(`${wrap(A)}\n${wrap(B)}`), MASTER_KEY_COMMAND: SERVICE }),
    ],
  ])('comes from %s', (_what, settings) => expect(read(settings())).toEqual({ masterKey: A, retiredMasterKeys: [B] }));

  it.each<[string, () => Partial<KeySettings>, RegExp]>([
    ['nothing', () => ({}), /MASTER_KEY is missing/],
    ['two places', () => ({ MASTER_KEY: text(A), MASTER_KEY_FILE: file(text(A)) }), /do not go together/],
    ['a file that is not there', () => ({ MASTER_KEY_FILE: path.join(folder, 'none') }), /cannot be read \(ENOENT\)/],
    [
      'a file of something else',
      () => ({ MASTER_KEY_FILE: file('x') }),
      /first line of MASTER_KEY_FILE must be 32 bytes/,
    ],
    ['the same key twice', () => ({ MASTER_KEY_FILE: file(`${text(A)}\n${text(A)}`) }), /twice/],
    ['a command without a key', () => ({ MASTER_KEY_COMMAND: SERVICE }), /MASTER_KEY is missing/],
    [
      'a command that is not there',
      () => ({ MASTER_KEY: wrap(A), MASTER_KEY_COMMAND: '/no/such/program' }),
      /ended with 127/,
    ],
    [
      'a command that fails',
      () => ({ MASTER_KEY: wrap(A), MASTER_KEY_COMMAND: 'echo secret; exit 3' }),
      /ended with 3/,
    ],
    [
      'a command that prints something else',
      () => ({ MASTER_KEY: wrap(A), MASTER_KEY_COMMAND: 'echo secret' }),
      /printed no 32 bytes in base64/,
    ],
    [
      'a command that does not end',
      () => ({ MASTER_KEY: wrap(A), MASTER_KEY_COMMAND: 'exec sleep 30', MASTER_KEY_SECONDS: 1 }),
      /did not end within 1 seconds/,
    ],
  ])('is refused from %s, and nothing is said of a key', (_what, settings, says) => {
    const message = refusal(settings());
    expect(message).toMatch(says);
    for (const secret of ['secret', text(A), wrap(A)]) expect(message).not.toContain(secret);
  });

  it('outside of production, where nothing says where it is, is made once and kept beside the data', () => {
    const made = read({}, false);
    expect(made.masterKey).toHaveLength(32);
    expect(read({}, false)).toEqual(made);
  });
});
