/** What a benchmark's command does around its work: says, stops what was started, and answers Ctrl-C. */

export const tell = (line) => process.stderr.write(`${line}\n`);
export const say = (line) => process.stdout.write(`${line}\n`);

/** What is to be stopped, the last started first: at the end, at a failure and at Ctrl-C. */
export const stops = [];

export async function stopAll() {
  while (stops.length > 0)
    await stops
      .pop()()
      .catch((error) => tell(String(error)));
}

/** Runs `main` with the options that `read` makes of the command line; not where those are wrong, which is told, or ask for help alone. */
export async function runCommand(read, main) {
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, async () => {
      interrupted = true;
      tell(`${signal}: stopping`);
      await stopAll();
      process.exit(130);
    });
  try {
    const options = optionsOf(read);
    if (options) await main(options);
  } catch (error) {
    // What fails because everything is being stopped is no news.
    if (!interrupted) tell(error.stack ?? String(error));
    process.exitCode = 1;
  } finally {
    await stopAll();
  }
}

function optionsOf(read) {
  try {
    return read(process.argv.slice(2));
  } catch ({ message }) {
    tell(`${message} See --help.`);
    process.exitCode = 2;
    return null;
  }
}
