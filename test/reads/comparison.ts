import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import canonicalize from 'canonicalize';
import type { ExecutionResult } from 'graphql';
import { deriveKeys } from '../../src/platform/keys';
import { startTestApp, type TestApp } from '../support/app';
import { testConfig } from '../support/config';
import { loadTables, type Row, rowsOf } from './naive-rows';
import { type Document, JSON_VALUE, NaiveReader, refusalsOf } from './naive-reader';
import { Samples } from './samples';
import type { Viewer } from './viewers';
import { givenWorld, NOW } from './world';

/** The API and the naive reader over the same rows, and everybody who asks. */
export interface Comparison {
  t: TestApp;
  viewers: Viewer[];
  naive: NaiveReader;
  /** Values for arguments, of the rows there are. */
  samples: Samples;
  /** What differs, for each of those who are answered otherwise. */
  differences(who: Viewer[], document: Document): Promise<string[]>;
  /** That nobody is answered otherwise. */
  alike(document: Document, who?: Viewer[]): Promise<void>;
  close(): Promise<void>;
  /** How many answers were compared. */
  answers: number;
}

/** A root field that was refused leaves an event; what is hidden within an answer does not. */
const REFUSED = /^\[\["\w+"\],"(FORBIDDEN|UNAUTHENTICATED)"\]$/;

export async function startComparison(): Promise<Comparison> {
  const t = await startTestApp();
  // Whoever reads the trail would change what others read.
  Object.assign(t.served.app.readings, { note: () => undefined });
  Object.assign(t.served.app.uses, { note: () => undefined });
  try {
    return await comparisonOf(t, await givenWorld(t));
  } catch (error) {
    await t.close();
    throw error;
  }
}

async function comparisonOf(t: TestApp, viewers: Viewer[]): Promise<Comparison> {
  const cursorKey = deriveKeys(testConfig().masterKey).cursor;
  const tables = await loadTables(t);
  const naive = new NaiveReader(tables, cursorKey, () => NOW);
  const { port } = t.served.server.address() as AddressInfo;

  const agent = new Agent({ keepAlive: true });

  const send = ({ client }: Viewer, { text, variables, operationName }: Document) =>
    new Promise<ExecutionResult>((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        ...(client.token && { authorization: `Bearer ${client.token}` }),
      };
      request({ port, host: '127.0.0.1', path: '/graphql', method: 'POST', agent, headers }, (response) => {
        readText(response).then((body) => resolve(JSON.parse(body) as ExecutionResult), reject);
      })
        .on('error', reject)
        .end(JSON.stringify({ query: text, variables, operationName }));
    });

  /** Each refused field leaves its event, if after the answer: whoever reads the trail next must find all of them. */
  const awaitEvents = async (count: number): Promise<void> => {
    const last = tables['audit.event'].at(-1)!.id as string;
    let fresh: Row[] = [];
    for (let tries = 0; tries < 1000 && fresh.length < count; tries += 1) {
      if (tries > 0) await sleep(5);
      fresh = await rowsOf(t, 'audit.event', 'id > $1', [last]);
    }
    naive.add('audit.event', fresh);
    if (fresh.length !== count) throw new Error(`${count} refused fields left ${fresh.length} events.`);
  };

  /** Asks both, and says what differs and how many fields were refused. */
  const ask = async (viewer: Viewer, document: Document) => {
    const expected = naive.answer(viewer.looker, document);
    const answer = await send(viewer, document);
    comparison.answers += 1;
    const told = refusalsOf(answer.errors);
    const difference =
      differenceOf(expected.data, answer.data) ??
      (expected.data === null ? unexpected(told, expected.possible) : otherThan(expected.errors, told));
    const refused = expected.possible.filter((error) => REFUSED.test(error)).length;
    return { refused, difference: difference && `${viewer.name}: ${difference}\n${shown(document)}` };
  };

  const comparison: Comparison = {
    close: async () => {
      agent.destroy();
      await t.close();
    },
    t,
    viewers,
    naive,
    samples: new Samples(tables, cursorKey),
    answers: 0,
    async differences(who, document) {
      const asked = [];
      // Together, since they must not get in each other's way; but for what refusals change.
      if (document.text.includes('auditEvent'))
        for (const viewer of who) {
          const one = await ask(viewer, document);
          await awaitEvents(one.refused);
          asked.push(one);
        }
      else {
        asked.push(...(await Promise.all(who.map((viewer) => ask(viewer, document)))));
        await awaitEvents(asked.reduce((sum, { refused }) => sum + refused, 0));
      }
      return asked.flatMap(({ difference }) => difference ?? []);
    },
    async alike(document, who = viewers) {
      const [difference] = await comparison.differences(who, document);
      if (difference) throw new Error(`Answered otherwise to ${difference}`);
    },
  };
  return comparison;
}

export const shown = ({ text, variables, operationName }: Document): string =>
  `${text}\nvariables ${JSON.stringify(variables ?? {})}${operationName ? `\noperation ${operationName}` : ''}`;

/** Where one root field fails that may not be null, the others need not have come to an end. */
const unexpected = (told: string[], possible: string[]): string | null =>
  told.length > 0 && told.every((each) => possible.includes(each))
    ? null
    : `errors ${told.join(' ')}, where there could be ${possible.join(' ')}`;

const otherThan = (expected: string[], told: string[]): string | null =>
  JSON.stringify(expected) === JSON.stringify(told)
    ? null
    : `errors ${told.join(' ') || 'none'} instead of ${expected.join(' ') || 'none'}`;

/** The first place in which two answers are not the same bytes, the order of keys included. */
function differenceOf(expected: unknown, answer: unknown, path = 'data'): string | null {
  if (typeof expected === 'string' && expected.startsWith(JSON_VALUE))
    return differenceOf(expected.slice(JSON_VALUE.length), canonicalize(answer), path);
  const [one, other] = [expected, answer];
  if (isObject(one) && isObject(other) && Array.isArray(one) === Array.isArray(other)) {
    const [keys, others] = [Object.keys(one), Object.keys(other)];
    if (JSON.stringify(keys) !== JSON.stringify(others))
      return `${path} has ${others.join(',') || 'nothing'} instead of ${keys.join(',') || 'nothing'}`;
    for (const key of keys) {
      const difference = differenceOf(one[key], other[key], `${path}.${key}`);
      if (difference) return difference;
    }
    return null;
  }
  if (one === other) return null;
  return `${path} is ${JSON.stringify(answer)} instead of ${JSON.stringify(expected)}`;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
