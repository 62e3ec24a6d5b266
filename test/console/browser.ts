import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type AxeResults, source as axeSource } from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { TestApp } from '../support/app';
import type { CastName } from '../support/cast';

/** Debian's Chromium, or null where there is none. */
export const CHROMIUM =
  ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((executable) => existsSync(executable)) ?? null;

/** `describe` where there is a Chromium; elsewhere nothing, and a line that says so. */
export function describeInBrowser(name: string, body: () => void): void {
  // oxlint-disable-next-line no-console -- whoever runs the tests is to know what did not run
  if (!CHROMIUM) console.warn(`No Chromium in /usr/bin: skipped “${name}”. On Debian: apt-get install chromium.`);
  (CHROMIUM ? describe : describe.skip)(name, body);
}

/** As root it has no sandbox. One renderer and no graphics: there are two processors, and nobody looks. */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM!,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--renderer-process-limit=1'],
  });

export const originOf = ({ served }: TestApp): string =>
  `http://127.0.0.1:${(served.server.address() as AddressInfo).port}`;

/** A tab, and what it asked for. */
export interface Tab {
  page: Page;
  /** Every address that was asked for, whoever asked. */
  requested: string[];
  /** What the page should not do: errors, and what the policy or the console complained of. */
  complaints: string[];
}

export const DESKTOP = { viewport: { width: 1280, height: 900 } };

/** What the server gave to a browser on this machine. */
const sessionCookie = (t: TestApp, value: string) => ({
  name: 'countersign',
  value,
  url: originOf(t),
  httpOnly: true,
  sameSite: 'Strict' as const,
});

/** A new tab at the console: of somebody who is signed in, or of nobody. All tabs of a context are theirs. `at` is what stands behind its address. */
export async function openTab(t: TestApp, context: BrowserContext, who: CastName | null, at = ''): Promise<Tab> {
  await context.clearCookies();
  if (who) await context.addCookies([sessionCookie(t, t.as(who).token!)]);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const requested: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requested.push(request.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A refusal may come with a status of 4xx, which Chromium calls an error.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  await page.goto(`${originOf(t)}/console${at}`);
  return { page, requested, complaints };
}

/** What axe finds wrong with the page as it is, by all of its rules or by some: rule and places. */
export async function violationsOn(page: Page, rules?: string[]): Promise<{ rule: string; at: string[] }[]> {
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(axeSource);
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
  const { violations } = (await page.evaluate(`axe.run(${JSON.stringify(options)})`)) as AxeResults;
  return violations.map(({ id, nodes }) => ({ rule: id, at: nodes.map(({ html }) => html) }));
}
