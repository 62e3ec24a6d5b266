/**
 * A contestant's process: told its options ({ url, pool }) by the benchmark that forked it, tells its port or its error, and ends with it.
 * `start` gives a server of node:http that does not listen yet.
 */
export function contestant(start) {
  process.once('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole group: the benchmark stops its children itself.
  process.on('SIGINT', () => undefined);
  process.once('message', async (options) => {
    try {
      const server = await start(options);
      server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
    } catch (error) {
      process.send({ error: String(error?.stack ?? error) });
    }
  });
}

/** What every connection of a contestant has, the API's own included (src/platform/database.ts). */
export const CONNECTION = { options: '-c jit=off', statement_timeout: 15_000, lock_timeout: 10_000 };
