import { Decimal } from 'decimal.js';
import { performanceOf } from '../../src/documents/performance';
import { kpisOf, together } from '../../src/documents/kpi.rules';
import { pooled } from '../../src/platform/pooled';
import { startTestApp, type TestApp } from '../support/app';
import { fileOf, forgetFiles, givenClient, imported, sharedFile } from '../usage/support';

const NONE = {
  offered: 0,
  handled: 0,
  abandoned: 0,
  inTime: 0,
  waitSeconds: 0,
  talkSeconds: 0,
  resolvedSaid: 0,
  resolvedYes: 0,
};

describe('figures', () => {
  it('are worked out from sums, and are nothing where nothing is divided', () => {
    expect(kpisOf(NONE)).toEqual({
      offered: 0,
      handled: 0,
      abandonedShare: null,
      averageSpeedOfAnswer: null,
      serviceLevel: null,
      averageHandlingTime: null,
      resolvedShare: null,
    });
    const one = {
      ...NONE,
      offered: 3,
      handled: 2,
      abandoned: 1,
      inTime: 1,
      waitSeconds: 41,
      talkSeconds: 601,
      resolvedSaid: 1,
      resolvedYes: 1,
    };
    expect(kpisOf(one)).toEqual({
      offered: 3,
      handled: 2,
      abandonedShare: '33.3',
      averageSpeedOfAnswer: '20.5',
      serviceLevel: '33.3',
      averageHandlingTime: '300.5',
      resolvedShare: '100.0',
    });
    const other = { ...NONE, offered: 1, handled: 1, waitSeconds: 1000, talkSeconds: 1 };
    expect(kpisOf(together([one, other]))).toMatchObject({
      offered: 4,
      averageSpeedOfAnswer: '347.0',
      abandonedShare: '25.0',
    });
    expect(together([])).toEqual(NONE);
  });
});

describe('figures of calls in the database', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startTestApp();
  });
  afterAll(async () => {
    await t.close();
    forgetFiles();
  });

  const asked = (accountId: string, more: object = {}) => ({
    accountId,
    lobIds: null,
    from: new Date('2026-02-01T00:00:00Z'),
    until: new Date('2026-03-01T00:00:00Z'),
    upTo: '9223372036854775807',
    invoiceId: null,
    ...more,
  });
  const about = { accountName: 'X', period: { from: '2026-02-01', until: '2026-03-01' }, serviceLevelSeconds: 20 };
  const HEAD = 'sourceId,lob,startedAt,waitSeconds,talkSeconds,outcome,resolved,kind,corrects';

  it('count corrections in place of what they correct, and nothing that was taken back', async () => {
    const client = await givenClient(t, ['A', 'B']);
    const rows = [
      'a1,A,2026-02-03T10:00:00Z,10,100,HANDLED,yes,,',
      'a2,A,2026-02-03T11:00:00Z,30,200,HANDLED,no,,',
      'a3,A,2026-02-03T12:00:00Z,60,0,ABANDONED,,,',
      'a4,A,2026-02-03T13:00:00Z,5,5,FAILED,,,',
      'a5,A,2026-02-03T14:00:00Z,20,50,HANDLED,,,',
      'b1,B,2026-02-04T10:00:00Z,1,10,HANDLED,yes,,',
      'b2,B,2026-02-04T11:00:00Z,1,10,TRANSFERRED,yes,,',
      'b3,B,2026-03-01T00:00:00Z,1,10,HANDLED,yes,,',
    ];
    await imported(t, client, fileOf([HEAD, ...rows].join('\n')));
    const [before] = await t.sql<{ last: string }>(
      'SELECT last_sequence::text AS last FROM usage_ledger WHERE account_id = $1',
      [client.id],
    );
    const performed = (more: object = {}) => performanceOf(pooled(t.served.app), asked(client.id, more), about);
    const first = await performed();
    expect(first.lobs.map(({ offered, handled }) => [offered, handled])).toEqual([
      [4, 3],
      [2, 2],
    ]);
    expect(first.lobs[0]).toMatchObject({
      abandonedShare: '25.0',
      averageSpeedOfAnswer: '20.0',
      serviceLevel: '50.0',
      averageHandlingTime: '116.7',
      resolvedShare: '50.0',
    });
    const later = [
      'a2x,A,2026-02-03T11:00:00Z,30,9999,HANDLED,no,CORRECTION,a2',
      'a2y,A,2026-02-03T11:00:00Z,8,400,HANDLED,yes,CORRECTION,a2',
      'b1x,B,2026-02-04T10:00:00Z,1,10,HANDLED,yes,REVERSAL,b1',
    ];
    for (const each of later) await imported(t, client, fileOf([HEAD, each].join('\n')));
    const second = await performed();
    expect(second.lobs[0]).toMatchObject({
      offered: 4,
      averageSpeedOfAnswer: '12.7',
      averageHandlingTime: '183.3',
      resolvedShare: '100.0',
    });
    expect(second.lobs[1]).toMatchObject({ offered: 1, handled: 1 });
    expect(second.all).toMatchObject({ offered: 5, handled: 4 });
    expect(await performed({ upTo: before!.last })).toEqual(first);
    expect((await performed({ lobIds: [client.lobs.B!] })).all).toMatchObject({ offered: 1 });
    expect((await performed({ until: asked('').from })).all.offered).toBe(0);
  });

  const real = sharedFile('pwc_call_centre_2021q1.dev');
  (real ? it : it.skip)(
    'agree with an independent computation over real calls (skipped when ../shared/data or xz is absent)',
    async () => {
      // Topic by topic, from the file itself: sums in plain numbers, one division at the end.
      const lines = real!
        .trim()
        .split(/\r?\n/)
        .slice(1)
        .map((line) => line.split(','));
      const topics = [...new Set(lines.map((line) => line[4]!))].toSorted();
      const client = await givenClient(
        t,
        topics.map((_topic, index) => `T${index}`),
      );
      const seconds = (clock: string) => clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
      const file = lines.map(([id, , date, time, topic, answered, resolved, speed, talk]) =>
        [
          id,
          `T${topics.indexOf(topic!)}`,
          `${date}T${time!.padStart(8, '0')}Z`,
          speed === '' ? 0 : speed,
          talk ? seconds(talk) : 0,
          answered === 'Y' ? 'HANDLED' : 'ABANDONED',
          answered === 'Y' ? (resolved === 'Y' ? 'yes' : 'no') : '',
          '',
          '',
        ].join(','),
      );
      await imported(t, client, fileOf([HEAD, ...file].join('\n')));
      const performance = await performanceOf(
        pooled(t.served.app),
        asked(client.id, { from: new Date('2021-01-01T00:00:00Z'), until: new Date('2021-04-01T00:00:00Z') }),
        about,
      );
      const figures = (of: string[][]) => {
        const taken = of.filter((line) => line[5] === 'Y');
        const one = (value: number) => new Decimal(value).toFixed(1, Decimal.ROUND_HALF_UP);
        return {
          offered: of.length,
          handled: taken.length,
          abandonedShare: one((100 * (of.length - taken.length)) / of.length),
          averageSpeedOfAnswer: one(taken.reduce((sum, line) => sum + Number(line[7]), 0) / taken.length),
          serviceLevel: one((100 * taken.filter((line) => Number(line[7]) <= 20).length) / of.length),
          averageHandlingTime: one(taken.reduce((sum, line) => sum + seconds(line[8]!), 0) / taken.length),
          resolvedShare: one((100 * taken.filter((line) => line[6] === 'Y').length) / taken.length),
        };
      };
      expect(performance.lobs.map(({ name: _name, ...each }) => each)).toEqual(
        topics.map((topic) => figures(lines.filter((line) => line[4] === topic))),
      );
      expect(performance.all).toEqual(figures(lines));
    },
  );
});
