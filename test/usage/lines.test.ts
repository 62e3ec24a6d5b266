import fc from 'fast-check';
import { linesIn } from '../../src/usage/lines';

async function linesOf(bytes: Buffer, piece: number) {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  }
  const found = [];
  for await (const lines of linesIn(pieces(), 'utf-8', ',')) found.push(...lines);
  return found;
}

const part = fc.constantFrom(
  'plain,1\n',
  'more,2\r\n',
  '\n',
  'café,3\n',
  '"two\nlines",4\n',
  '"open,5\n',
  'x\u0001y\n',
  'end',
);
const broken = Buffer.from([0x61, 0xe9, 0x0a]);

describe('lines of a file', () => {
  it('are the same however its bytes come, and end where they end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(part), { maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        async (of, size) => {
          const bytes = Buffer.concat(of.map((each) => (each === null ? broken : Buffer.from(each))));
          const whole = await linesOf(bytes, bytes.length + 1);
          expect(await linesOf(bytes, size)).toEqual(whole);
          expect(whole.at(-1)?.end ?? 0).toBe(bytes.length);
          expect(whole.map(({ number }) => number)).toEqual(
            whole.map(({ number }) => number).toSorted((a, b) => a - b),
          );
        },
      ),
    );
  });

  it('say what is wrong with them alone', async () => {
    const bytes = Buffer.concat([Buffer.from('a,1\nx\u0001y\n'), broken, Buffer.from(`${'z'.repeat(70_000)}\nb,2`)]);
    for (const piece of [7, 1 << 16, 1 << 20])
      expect((await linesOf(bytes, piece)).map(({ fault, text }) => fault ?? text)).toEqual([
        'a,1',
        'LINE_UNREADABLE',
        'ENCODING_INVALID',
        'LINE_TOO_LONG',
        'b,2',
      ]);
  });
});
