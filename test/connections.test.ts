import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { settingNames } from '../src/config';

const ROOT = path.resolve(__dirname, '..');
const page = readFileSync(path.join(ROOT, 'docs/CONNECTIONS.md'), 'utf8');
const SRC = path.join(ROOT, 'src');

/** Settings that name a party outside, or where somebody comes in. */
const NAMES_A_PARTY = /_URLS?$|_ENDPOINT$|_ISSUER$|_COMMAND$|_HOSTS$|_PROXIES$|_CHECKPOINTS$|_ARCHIVE$|^HOST$|^PORT$/;

/** What opens a connection, listens for one, or starts a process that may. */
const CONNECTS = [
  /\bnew (?:Client|Pool|DataSource|WebSocketServer|OTLPTraceExporter)\(/,
  /(?<![.\w])fetch\(/,
  /\b(?:createServer|createConnection|queuePool)\(/,
  /\bserver\.listen\(/,
  /(?<![.\w])(?:spawn|spawnSync|execFile|execFileSync|exec|execSync|fork)\(/,
  /from 'node:(?:https|tls|http2|dgram)'/,
];

describe('docs/CONNECTIONS.md', () => {
  it('has each setting that names somebody outside', () => {
    const wanted = settingNames.filter((name) => NAMES_A_PARTY.test(name));
    expect(wanted.length).toBeGreaterThan(12);
    expect(wanted.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('names no setting that there is not', () => {
    const named = [...page.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map(([, name]) => name!);
    const codes = readFileSync(path.join(ROOT, 'docs/ERRORS.md'), 'utf8');
    const known = (name: string) =>
      settingNames.includes(name) || name === 'NODE_EXTRA_CA_CERTS' || codes.includes(`\`${name}\``);
    expect(named.filter((name) => !known(name))).toEqual([]);
  });

  it('names each file that connects to somebody, or has them connect', () => {
    const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const connecting = files.filter((file) => {
      const text = readFileSync(path.join(SRC, file), 'utf8');
      return CONNECTS.some((pattern) => pattern.test(text));
    });
    expect(connecting.length).toBeGreaterThan(12);
    expect(connecting.filter((file) => !page.includes(`\`${file}\``))).toEqual([]);
    const named = [...page.matchAll(/`([a-z-]+(?:\/[a-z-]+)?\.ts)`/g)].map(([, file]) => file!);
    expect(named.filter((file) => !files.includes(file))).toEqual([]);
  });
});
