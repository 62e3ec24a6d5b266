import type { Context } from '../platform/context';
import { couldBeKey, isKey } from './api-key.rules';
import { identify, type Identity } from './identify';
import { admitAssertion, isAssertion } from './openid';

/** Whoever bears a token now, or null. A token of another issuer opens its session when it is first seen. */
export async function bearerOf(context: Context, token: string): Promise<Identity | null> {
  if (isKey(token) && !couldBeKey(token)) return null;
  const identity = await identify(context.app, token);
  if (identity || !isAssertion(token)) return identity;
  return (await admitAssertion(context, token)) ? identify(context.app, token) : null;
}

/** Somebody asks: their session does not end for want of use. Not so where a page asks by itself. */
export const noteUse = ({ app, unattended }: Context, { sessionId }: Pick<Identity, 'sessionId'>): void => {
  if (!unattended) app.uses.note(sessionId);
};
