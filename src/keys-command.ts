import { keyStatus, renewClassKey, rewrapClassKeys } from './audit/class-keys';
import { withApp } from './audit-installation';
import { loadConfig } from './config';
import type { App } from './platform/context';
import { DomainError } from './platform/errors';
import { leftToReseal, resealClass } from './privacy/reseal-values';

/*
 * What whoever keeps the keys calls; docs/SENSITIVE.md says when. The jobs of a server do the same by themselves, but for a new key.
 */

const HELP = `npm run keys -- <command>

  status          which keys there are, under which master key each is wrapped, and how many values wait to be sealed anew
  renew <class>   a new key for a class of records: Account, Complaint, …
  rewrap          wraps the keys under the present master key
  reseal          seals values anew that are sealed under an earlier key, and gives them their digests
`;

const write = (text: string): void => void process.stdout.write(`${text}\n`);

const COMMANDS: Readonly<Record<string, (app: App, of: string) => Promise<void>>> = {
  status: async (app) => {
    write(`master key ${app.keys.id}`);
    for (const { purpose, of, number, id, masterKey } of await keyStatus(app))
      write(`${purpose} ${of} ${number} ${id} under ${masterKey}`);
    for (const { type, left } of await leftToReseal(app)) write(`${type}: ${left} rows to seal anew`);
  },
  renew: async (app, of) => write(`${of} is sealed under key ${await renewClassKey(app, of)} from now on`),
  rewrap: async (app) => write(`${await rewrapClassKeys(app)} keys were wrapped anew`),
  reseal: async (app) => {
    for (const { type } of await leftToReseal(app))
      write(`${type}: ${await resealClass(app, type, new AbortController().signal)} rows were sealed anew`);
  },
};

async function main([name = '', of = '']: string[]): Promise<number> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    write(HELP);
    return name === '' || name === 'help' ? 0 : 2;
  }
  await withApp(loadConfig(), (app) => command(app, of));
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => void (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(
      error instanceof DomainError
        ? `${error.code}: ${error.message}\n`
        : `${error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exitCode = 1;
  },
);
