import { isIP } from 'node:net';
import { z } from 'zod';
import { listIn } from './settings-text';

/** Names or addresses of hosts, by commas. */
const areHosts = (text: string): boolean => listIn(text).every((each) => /^[\w.:-]+$/.test(each));

export const encryptionEnvironment = {
  UNVERIFIED_HOSTS: z.string().refine(areHosts).optional(),
  NODE_TLS_REJECT_UNAUTHORIZED: z.string().optional(),
};

const schema = z.object(encryptionEnvironment);

/** The hosts whose connections something else encrypts. */
export const unverifiedHostsIn = ({ UNVERIFIED_HOSTS: hosts }: z.infer<typeof schema>): readonly string[] =>
  hosts ? listIn(hosts).map(bare) : [];

type Addresses = Readonly<Record<string, string | undefined>>;

/**
 * What of the addresses would be reached in production without TLS, or without looking at who is there, as a text that says how to mend it; null
 * where all is well. This machine and the hosts that UNVERIFIED_HOSTS names are left out. The addresses themselves are not said: they hold passwords.
 */
export function unencryptedIn(
  settings: z.infer<typeof schema>,
  { databases, others }: { databases: Addresses; others: Addresses },
): string | null {
  if (settings.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    return 'NODE_TLS_REJECT_UNAUTHORIZED=0 does not belong in production: no certificate would be looked at. Unset it.';
  const known = unverifiedHostsIn(settings);
  const faulty = (of: Addresses, isFaulty: (url: URL) => boolean) =>
    Object.keys(of).find((name) => urlsIn(of[name]).some((url) => !isNear(url, known) && isFaulty(url)));
  const database = faulty(databases, (url) => !isVerified(url));
  if (database)
    return `${database} leads to another machine, so in production its URL says ?sslmode=verify-full (and &sslrootcert=<file> for a certification authority of one’s own). ${EXCEPT}`;
  const other = faulty(others, ({ protocol }) => protocol !== 'https:');
  return other ? `${other} leads to another machine, so in production it begins with https. ${EXCEPT}` : null;
}

const EXCEPT =
  'Where something else encrypts that connection (a sidecar, a tunnel), name its host in UNVERIFIED_HOSTS.';

const urlsIn = (text = ''): URL[] => listIn(text).flatMap((each) => (each ? [new URL(each)] : []));

/** Of what node-postgres understands, this alone looks at the certificate and at the name, now and in the version to come. */
function isVerified({ searchParams }: URL): boolean {
  const modes = searchParams.getAll('sslmode');
  return modes.length > 0 && modes.every((mode) => mode === 'verify-full');
}

/** Whether all hosts that a URL names are this machine, one of its sockets, or known. One that names none may lead anywhere. */
function isNear({ hostname, searchParams }: URL, known: readonly string[]): boolean {
  const hosts = [hostname, ...searchParams.getAll('host')]
    .filter(Boolean)
    .map((host) => bare(decodeURIComponent(host)));
  return hosts.length > 0 && hosts.every((host) => host.startsWith('/') || isLoopback(host) || known.includes(host));
}

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1').toLowerCase();

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
