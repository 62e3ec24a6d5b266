import type { Context, SignInTries } from '../platform/context';
import { DomainError, refuse } from '../platform/errors';

/** What somebody is told who could not prove who they are. */
const FAILED = new Set(['SIGN_IN_REFUSED', 'PASSWORD_WRONG', 'ONE_TIME_CODE_WRONG']);

/** Does what `tries` counts, from the moment at which it begins one, and says afterwards how it went. */
export async function tried<T>(tries: SignInTries, work: () => Promise<T>): Promise<T> {
  try {
    const answer = await work();
    await tries.succeeded();
    return answer;
  } catch (error) {
    if (!(error instanceof DomainError && FAILED.has(error.code))) await tries.undone();
    throw error;
  }
}

/** The same for whoever is signed in and shows once more who they are. */
export async function triedOwn<T>(context: Context, work: () => Promise<T>): Promise<T> {
  const { actor, app, address } = context;
  const tries = app.rates.signIn(actor?.email ?? refuse('UNAUTHENTICATED', 'Sign in first.'), address);
  return tried(tries, async () => {
    await tries.begin();
    return work();
  });
}
