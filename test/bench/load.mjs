/**
 * The load generator, a process of its own: so many connections, each sends its next request when it has the answer to its last.
 * Bare sockets instead of a client library, so that little of the machine goes into asking. Any answer but 200 without errors
 * ends the run.
 */
import { connect } from 'node:net';
import { cpuOf, cpuOfMachine, cpuOfPostgres } from './cpu.mjs';
import { NUMBER } from './wire.mjs';

process.once('disconnect', () => process.exit(0));
process.on('SIGINT', () => undefined);
process.on('message', async ({ job }) => {
  try {
    process.send({ result: await run(job) });
  } catch (error) {
    process.send({ error: error.message });
  }
});

/**
 * { port, requests, connections, warm, seconds, pid, postmaster } → what was measured in `seconds`, after `warm` seconds. With a `number`,
 * too, each request that holds NUMBER is sent with the next one instead: what is written must not be the same twice. `sent`: how many were.
 */
async function run({ port, requests, connections, warm, seconds, pid, postmaster, number = 0 }) {
  const wire = requests.map((request) => bytesOf(request, port)).map(numbered);
  let sent = 0;
  let next = Math.floor(Math.random() * wire.length);
  const state = { latencies: [], failed: null, stopped: false };
  const nextRequest = () => wire[(next = (next + 1) % wire.length)](number + sent++);
  const clients = Array.from({ length: connections }, () => client(port, nextRequest, state));
  try {
    await Promise.race([sleep(warm), ...clients.map(({ failure }) => failure)]);
    const cpu = () => ({
      node: cpuOf(pid),
      postgres: cpuOfPostgres(postmaster),
      own: cpuOf('self'),
      machine: cpuOfMachine(),
    });
    const before = cpu();
    state.latencies.length = 0;
    const began = performance.now();
    await Promise.race([sleep(seconds), ...clients.map(({ failure }) => failure)]);
    const took = performance.now() - began;
    state.stopped = true;
    const latencies = Float64Array.from(state.latencies).toSorted();
    if (latencies.length === 0) throw new Error(`no answer within ${seconds} s`);
    const after = cpu();
    const used = (of) => (before[of] === null ? null : after[of] - before[of]);
    const each = (of) => (before[of] === null ? null : used(of) / latencies.length);
    return {
      sent,
      rate: (latencies.length / took) * 1000,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      node: each('node'),
      postgres: each('postgres'),
      others: shareOfOthers(before.machine, after.machine, used('node') + used('postgres') + used('own')),
    };
  } finally {
    state.stopped = true;
    for (const { socket } of clients) socket.destroy();
  }
}

/** How much of the machine went to processes that have nothing to do with this: 0 to 1. */
function shareOfOthers(before, after, ours) {
  if (!before || !after) return null;
  return Math.max(0, (after.busy - before.busy - ours) / (after.all - before.all));
}

const sleep = (seconds) =>
  new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000);
  });

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

function bytesOf({ path, headers = {}, body = '' }, port) {
  const all = { host: `127.0.0.1:${port}`, ...headers, ...(body && { 'content-length': Buffer.byteLength(body) }) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`${body ? 'POST' : 'GET'} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** From a number to the bytes of a request with it. */
function numbered(bytes) {
  const at = bytes.indexOf(NUMBER);
  if (at < 0) return () => bytes;
  return (number) => {
    const copy = Buffer.from(bytes);
    copy.write(String(number).padStart(NUMBER.length, '0'), at, 'latin1');
    return copy;
  };
}

/** One connection. Its `failure` never resolves and rejects when something is wrong. */
function client(port, nextRequest, state) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let sent = 0;
  const send = () => {
    if (state.stopped) return;
    sent = performance.now();
    socket.write(nextRequest());
  };
  const failure = new Promise((_, reject) => {
    const fail = (reason) => !state.stopped && reject(new Error(reason));
    socket.on('connect', send);
    socket.on('error', ({ message }) => fail(message));
    socket.on('close', () => fail('the server closed the connection'));
    socket.on(
      'data',
      reader((wrong) => {
        if (wrong) return fail(wrong);
        state.latencies.push(performance.now() - sent);
        send();
      }),
    );
  });
  return { socket, failure };
}

/** Reads answers out of a connection's chunks and calls `answered` for each with null, or with what is wrong with it. */
function reader(answered) {
  let head = null;
  let left = 0;
  return (chunk) => {
    let body = chunk;
    if (left === 0) {
      head = head ? Buffer.concat([head, chunk]) : chunk;
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const text = head.toString('latin1', 0, end);
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      body = head.subarray(end + 4);
      head = null;
      const wrong = text.startsWith('HTTP/1.1 200 ') ? wrongAtTheEdge(body) : `${text.split('\r\n')[0]}: ${body}`;
      if (wrong || !length) return answered(wrong ?? 'an answer without a content-length');
      left = Number(length);
    }
    left -= body.length;
    if (left < 0) return answered('more was answered than asked for');
    if (left === 0) answered(wrongAtTheEdge(body));
  };
}

/** GraphQL servers put errors first or last: looking at both ends of a long answer is enough, and cheap. */
function wrongAtTheEdge(bytes) {
  const edges = `${bytes.toString('latin1', 0, 200)}${bytes.toString('latin1', Math.max(0, bytes.length - 200))}`;
  return edges.includes('"errors"') ? edges : null;
}
