import { keyStatus, renewClassKey, rewrapClassKeys } from './audit/class-keys';
import { rewrapSubjectKeys, subjectKeysLeft } from './audit/rewrap-subject-keys';
import { withApp } from './audit-installation';
import { loadConfig } from './config';
import type { App } from './platform/context';
import { DomainError } from './platform/errors';
import { presentWrapping, wrappingNamed } from './platform/keys';
import { leftToReseal, resealClass } from './privacy/reseal-values';
import { retentionStatus } from './privacy/retention-status';

/*
 * What whoever keeps the keys calls; docs/SENSITIVE.md says when. The jobs of a server do the same by themselves, but for a new key.
 */

const HELP = `npm run keys -- <command>

  status          which keys there are, what each seals with and is wrapped under, and how much waits to be wrapped or sealed anew
  renew <class>   a new key for a class of records: Account, Complaint, …
  rewrap          wraps the keys under the present master key and SEALING_SCHEME
  reseal          seals anew what is sealed under an earlier key of its class, and gives values their digests
  retention       of every kind of sensitive value how many there are, and when the next is erased (RETENTION_DAYS)
`;

const write = (text: string): void => void process.stdout.write(`${text}\n`);

const COMMANDS: Readonly<Record<string, (app: App, of: string) => Promise<void>>> = {
  status: async (app) => {
    write(`master key ${app.keys.id}`);
    for (const { purpose, of, number, id, under, scheme } of await keyStatus(app))
      write(`${purpose} ${of} ${number} ${id}${scheme ? ` (${scheme})` : ''} under ${underWords(app, under)}`);
    write(`keys of subjects: ${await subjectKeysLeft(app)} to wrap anew`);
    for (const { type, left } of await leftToReseal(app)) write(`${type}: ${left} rows to seal anew`);
  },
  renew: async (app, of) => write(`${of} is sealed under key ${await renewClassKey(app, of)} from now on`),
  rewrap: async (app) => {
    write(`${await rewrapClassKeys(app, true)} keys were wrapped anew`);
    write(`${await rewrapSubjectKeys(app, new AbortController().signal, true)} keys of subjects were wrapped anew`);
  },
  reseal: async (app) => {
    for (const { type } of await leftToReseal(app))
      write(`${type}: ${await resealClass(app, type, new AbortController().signal)} rows were sealed anew`);
  },
  retention: async (app) => {
    for (const { field, days, kept, over, next } of await retentionStatus(app))
      write(
        `${field}: ${kept} kept, ${over} of them over; ${days === 0 ? 'for good' : `${days} days`}${next ? `, the next goes ${next.toISOString()}` : ''}`,
      );
  },
};

/** The id that a wrapped key names, and what it was wrapped with where that is not what wraps keys now. */
function underWords(app: App, id: string): string {
  const scheme = wrappingNamed(app.keys, id)?.classes.scheme;
  return scheme && scheme !== presentWrapping(app.keys).classes.scheme ? `${id} (${scheme})` : id;
}

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
