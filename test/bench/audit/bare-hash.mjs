/**
 * The floor of verifying: SHA-256 of each line of a file and nothing else, by as many threads. Each has read its share and found the ends of its
 * lines before the clock starts.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const { hash } = createRequire(import.meta.url)('node:crypto');
const NEWLINE = 0x0a;

/** Lines per second. */
export async function bareHash(file, workers) {
  const script = new URL(import.meta.url);
  const threads = Array.from({ length: workers }, (_, share) => {
    return new Worker(script, { workerData: { file, share, of: workers } });
  });
  const all = (send) =>
    Promise.all(
      threads.map(
        (thread) =>
          new Promise((resolve, reject) => {
            thread.once('message', resolve).once('error', reject);
            if (send) thread.postMessage(send);
          }),
      ),
    );
  try {
    const counts = await all();
    const began = performance.now();
    await all('go');
    return (counts.reduce((sum, count) => sum + count, 0) / (performance.now() - began)) * 1000;
  } finally {
    for (const thread of threads) void thread.terminate();
  }
}

/** The lines that begin within a share of the file. */
function linesOf({ file, share, of }) {
  const handle = openSync(file);
  const { size } = fstatSync(handle);
  const [from, to] = [share, share + 1].map((each) => Math.floor((size * each) / of));
  // A little more in front and behind, for the lines that reach over.
  const start = Math.max(0, from - 1);
  const bytes = Buffer.alloc(Math.min(size, to + 65_536) - start);
  readSync(handle, bytes, 0, bytes.length, start);
  closeSync(handle);
  const lines = [];
  for (let at = from === 0 ? 0 : bytes.indexOf(NEWLINE) + 1; start + at < to;) {
    const end = bytes.indexOf(NEWLINE, at);
    lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return lines;
}

if (!isMainThread && workerData?.file) {
  const lines = linesOf(workerData);
  parentPort.once('message', () => {
    for (const line of lines) hash('sha256', line, 'binary');
    parentPort.postMessage('done');
  });
  parentPort.postMessage(lines.length);
}
