import type { z } from 'zod';

/** What stands between commas. */
export const listIn = (text: string): string[] => text.split(',').map((each) => each.trim());

/** `depth=30,aliases=500`: those of some usual numbers that are others. `form` is what a number looks like, `fault` what is said of what is none of them. */
export const numbersIn =
  <N extends Readonly<Record<string, number>>>(usual: N, form: RegExp, fault: string) =>
  (text: string, context: z.RefinementCtx): Partial<N> => {
    const pairs = listIn(text).map((each) => each.split('='));
    for (const [name = '', value = ''] of pairs)
      if (!Object.hasOwn(usual, name) || !form.test(value)) context.addIssue(`${name} ${fault}`);
    return Object.fromEntries(pairs.map(([name, value]) => [name, Number(value)])) as Partial<N>;
  };
