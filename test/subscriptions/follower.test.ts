import { Follower } from '../../src/approvals/follower';

const idle = () => undefined;
const begun = (most = 3) => new Follower(most, idle);

async function taken(follower: Follower, count: number): Promise<(string | undefined)[]> {
  const ids = [];
  for (let n = 0; n < count; n += 1) ids.push((await follower.next()).value);
  return ids;
}

describe('a follower', () => {
  it('is told in the order in which it came, and once what came twice before it was taken', async () => {
    const follower = begun();
    for (const [id, waitsFor] of [
      ['a', '1'],
      ['b', '1'],
      ['a', '2'],
    ] as const)
      follower.tell({ id, waitsFor });
    expect(await taken(follower, 2)).toEqual(['a', 'b']);
    follower.tell({ id: 'a', waitsFor: '3' });
    expect(await taken(follower, 1)).toEqual(['a']);
  });

  it('is told first what waited, and what came in between only if it is newer', async () => {
    const follower = begun(9);
    follower.tell({ id: 'c', waitsFor: '1' });
    follower.tell({ id: 'b', waitsFor: '2' });
    follower.begin([
      { id: 'a', waitsFor: '1' },
      { id: 'b', waitsFor: '2' },
    ]);
    expect(await taken(follower, 3)).toEqual(['a', 'b', 'c']);
    follower.tell({ id: 'b', waitsFor: '2' });
    follower.tell({ id: 'a', waitsFor: '2' });
    expect(await taken(follower, 1)).toEqual(['a']);
  });

  it('waits for the next, and ends while it waits', async () => {
    const follower = begun();
    const next = follower.next();
    follower.tell({ id: 'a', waitsFor: '1' });
    expect(await next).toEqual({ done: false, value: 'a' });
    const last = follower.next();
    await follower.return();
    expect(await last).toEqual({ done: true, value: undefined });
    follower.tell({ id: 'b', waitsFor: '1' });
    expect(await follower.next()).toEqual({ done: true, value: undefined });
  });

  it('is let go when it leaves too much untaken, and told why', async () => {
    let ended = 0;
    const follower = new Follower(3, () => (ended += 1));
    for (const id of ['a', 'b', 'c']) follower.tell({ id, waitsFor: '1' });
    expect(ended).toBe(0);
    follower.tell({ id: 'd', waitsFor: '1' });
    expect(ended).toBe(1);
    await expect(follower.next()).rejects.toMatchObject({ code: 'SUBSCRIBER_TOO_SLOW' });
  });
});
