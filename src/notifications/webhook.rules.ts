import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { refuse } from '../platform/errors';

/** Where webhooks may point to. */
export interface Reach {
  /** In production: https alone, and no address within the house. */
  strict: boolean;
  /** Names of hosts of which that does not hold. */
  privateHosts: readonly string[];
}

/** Whether an address is one of the public network's: neither loopback, private, link-local nor anything else that is set apart. */
export const isPublicAddress = (address: string): boolean => {
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) !== 0 && ipaddr.process(bare).range() === 'unicast';
};

/** Whether a host's address matters at all. */
export const isHeldToAddress = ({ hostname }: URL, { strict, privateHosts }: Reach): boolean =>
  strict && !privateHosts.includes(hostname);

/** A webhook's address. Refuses with WEBHOOK_URL_REFUSED. What a name resolves to is looked at whenever it is connected to. */
export function assertReachable(text: string, reach: Reach): URL {
  const url = URL.canParse(text) ? new URL(text) : refused('It is no URL.');
  if (!['http:', 'https:'].includes(url.protocol)) refused('It begins with https, or outside of production with http.');
  if (url.username !== '' || url.password !== '') refused('It has no credentials in it.');
  if (url.hash !== '') refused('It has no fragment.');
  if (!isHeldToAddress(url, reach)) return url;
  if (url.protocol !== 'https:') refused('In production it begins with https.');
  if (isIP(url.hostname.replace(/^\[(.*)\]$/, '$1')) !== 0 && !isPublicAddress(url.hostname))
    refused('It leads to no address of the public network.');
  return url;
}

const refused = (why: string): never => refuse('WEBHOOK_URL_REFUSED', `This cannot be told anything. ${why}`);
