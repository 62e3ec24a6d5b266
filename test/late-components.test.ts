import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..');
const TOOL = path.join(ROOT, 'test/tools/check-dependencies.mjs');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-components-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As `npm audit --json` tells of one, cut short: what is installed is 1.0.0. */
const weak = (severity: string, range: string) => ({
  auditReportVersion: 2,
  vulnerabilities: {
    brittle: {
      name: 'brittle',
      severity,
      isDirect: false,
      via: [
        {
          source: 1,
          name: 'brittle',
          title: 'It breaks',
          url: 'https://github.com/advisories/GHSA-0',
          severity,
          range,
        },
      ],
      effects: [],
      range,
      nodes: ['node_modules/brittle'],
      fixAvailable: true,
    },
  },
});
const NO_WEAKNESS = { auditReportVersion: 2, vulnerabilities: {} };
const LOCKED = { 'node_modules/brittle': { version: '1.0.0' } };
const TIMES = {
  brittle: {
    created: '2026-01-01T00:00:00Z',
    '1.0.0': '2026-01-01T00:00:00Z',
    '1.0.1': '2026-02-01T00:00:00Z',
    '1.1.0-rc.1': '2026-02-02T00:00:00Z',
    '1.0.2': '2026-03-01T00:00:00Z',
    '2.0.0': '2026-04-01T00:00:00Z',
  },
  jose: { '5.10.0': '2025-02-26T00:00:00Z', '5.11.0': '2026-12-01T00:00:00Z', '6.0.10': '2025-04-21T00:00:00Z' },
};

interface Recorded {
  audit?: object;
  outdated?: object;
  times?: object;
}

/** What the check says on a day of what npm said. */
function checked(today: string, { audit = NO_WEAKNESS, outdated = {}, times = TIMES }: Recorded) {
  for (const [name, content] of Object.entries({ audit, outdated, times, locked: LOCKED }))
    writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(content));
  const { status, stdout, stderr } = spawnSync(process.execPath, [TOOL, '--recorded', folder, '--today', today], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return { status, told: stdout.trim() };
}

const installed = (current: string, latest: string) => ({ current, wanted: current, latest });

describe('npm run check:dependencies', () => {
  it('is content where nothing is behind', () => {
    expect(checked('2026-03-01', {})).toEqual({ status: 0, told: 'no component is behind' });
  });

  it.each([
    ['critical', '2026-03-08', '2026-03-09'],
    ['high', '2026-03-31', '2026-04-01'],
    ['moderate', '2026-05-30', '2026-05-31'],
    ['low', '2026-08-28', '2026-08-29'],
    ['info', '2026-08-28', '2026-08-29'],
  ])(
    'of a weakness that is %s counts from the first release that mends it: due on %s, late on %s',
    (severity, due, late) => {
      // 1.0.1 is weak, too.
      const audit = weak(severity, '>=0.1.0 <1.0.2 || 3.0.0');
      const before = checked(due, { audit });
      expect(before).toMatchObject({
        status: 0,
        told: expect.stringMatching(/^due brittle 1\.0\.0: It breaks .*: 1\.0\.2 has been out for/),
      });
      expect(checked(late, { audit })).toMatchObject({
        status: 1,
        told: expect.stringMatching(/^LATE brittle 1\.0\.0/),
      });
    },
  );

  it('is not content with a weakness that no release mends, nor with one whose range it cannot read', () => {
    expect(checked('2026-03-01', { audit: weak('low', '*') })).toEqual({
      status: 1,
      told: 'LATE brittle 1.0.0: It breaks (https://github.com/advisories/GHSA-0): no release mends it (low: 180 days)',
    });
    expect(checked('2026-03-01', { audit: weak('low', 'whatever') }).status).toBe(1);
  });

  it('counts releases of the same major version and later majors apart, and no release before a version', () => {
    const outdated = { brittle: installed('1.0.0', '2.0.0') };
    expect(checked('2026-07-31', { outdated })).toMatchObject({ status: 0 });
    const { status, told } = checked('2026-08-01', { outdated });
    expect(status).toBe(1);
    expect(told.split('\n')).toEqual([
      'LATE brittle 1.0.0: 1.0.1 has been out for 181 days (newer: 180 days)',
      'due brittle 1.0.0: 2.0.0 has been out for 122 days (major: 365 days)',
    ]);
    expect(checked('2027-04-02', { outdated: { brittle: installed('1.0.2', '2.0.0') } })).toMatchObject({ status: 1 });
  });

  it('holds what the page holds until that day: a later major version, and no later release of the same one', () => {
    const outdated = { jose: installed('5.10.0', '6.0.10') };
    expect(checked('2026-11-27', { outdated })).toMatchObject({
      status: 0,
      told: expect.stringMatching(/^held jose 5\.10\.0: 6\.0\.10 .* until 2027-06-30: /),
    });
    expect(checked('2027-07-02', { outdated, times: { jose: { '6.0.10': '2025-04-21T00:00:00Z' } } })).toMatchObject({
      status: 1,
    });
    expect(checked('2027-06-01', { outdated }).told).toMatch(/^LATE jose 5\.10\.0: 5\.11\.0/);
  });

  it('says that it could not tell, and not that all is well, where npm had no answer', () => {
    const audit = { message: '405 Method Not Allowed', error: { summary: '', detail: '' } };
    expect(checked('2026-03-01', { audit })).toEqual({
      status: 2,
      told: 'advisories could not be asked for: 405 Method Not Allowed',
    });
    expect(checked('2026-03-01', { outdated: { error: { summary: 'no network' } } }).status).toBe(2);
  });
});

it('docs/DEPENDENCIES.md holds what is there, with a reason, for a year at most, and is shorter the worse a weakness is', () => {
  const page = readFileSync(path.join(ROOT, 'docs/DEPENDENCIES.md'), 'utf8');
  const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const held = [...page.matchAll(/^\| `([^`]+)` +\| (.{20,}?) +\| (\d{4}-\d\d-\d\d) +\|$/gm)];
  expect(held.length).toBeGreaterThan(0);
  for (const [, name, , until] of held) {
    expect({ ...manifest.dependencies, ...manifest.devDependencies }).toHaveProperty([name!]);
    expect(new Date(until!).getTime()).toBeLessThan(Date.now() + 366 * 86_400_000);
  }
  const days = [...page.matchAll(/^\| `(\w+)` +\| .* \| (\d+) +\|$/gm)].map(
    ([, risk, within]) => [risk, Number(within)] as const,
  );
  expect(days.map(([risk]) => risk)).toEqual(['critical', 'high', 'moderate', 'low', 'newer', 'major']);
  expect(days.map(([, within]) => within)).toEqual(
    days.map(([, within]) => within).toSorted((one, other) => one - other),
  );
});
