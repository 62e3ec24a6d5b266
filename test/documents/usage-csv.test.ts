import { parse } from 'csv-parse/sync';
import { usageCsv, type UsageRow } from '../../src/documents/usage-csv';

const row = (index: number, more: Partial<UsageRow> = {}): UsageRow => ({
  id: `0190${String(index).padStart(8, '0')}`,
  source: 'acd',
  sourceId: `c-${index}`,
  kind: 'CALL',
  corrects: null,
  lob: 'CARDS',
  service: 'Billing, "quoted"\nnext',
  startedAt: new Date(Date.UTC(2026, 1, 1) + index * 1000),
  answeredAt: null,
  endedAt: new Date(Date.UTC(2026, 1, 1, 1) + index * 1000),
  waitSeconds: 3,
  talkSeconds: 60,
  outcome: 'HANDLED',
  resolved: true,
  ...more,
});

async function* rowsOf(rows: UsageRow[]) {
  for (const each of rows) yield await Promise.resolve(each);
}
async function csvOf(rows: AsyncIterable<UsageRow>) {
  const parts: Buffer[] = [];
  for await (const part of usageCsv(rows)) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

describe('usage as CSV', () => {
  it('is RFC 4180 that a reader takes apart again', async () => {
    const csv = await csvOf(rowsOf([row(1), row(2, { resolved: null, service: null, answeredAt: new Date(0) })]));
    expect(csv.split('\r\n')[0]).toBe(
      'id,source,sourceId,kind,corrects,lob,service,startedAt,answeredAt,endedAt,waitSeconds,talkSeconds,outcome,resolved',
    );
    expect(csv.endsWith('\r\n')).toBe(true);
    const records = parse(csv, { columns: true }) as Record<string, string>[];
    expect(records[0]).toMatchObject({
      service: 'Billing, "quoted"\nnext',
      startedAt: '2026-02-01T00:00:01.000Z',
      resolved: 'yes',
      answeredAt: '',
    });
    expect(records[1]).toMatchObject({ service: '', answeredAt: '1970-01-01T00:00:00.000Z', resolved: '' });
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1', '＋1', '－1', '＠x'])(
    'keeps a spreadsheet from calculating %j',
    async (service) => {
      const [record] = parse(await csvOf(rowsOf([row(1, { service })])), { columns: true }) as Record<string, string>[];
      expect(record!.service).toBe(`'${service}`);
    },
  );

  it('refuses another order than by start and id: the same calls are the same bytes', async () => {
    await expect(csvOf(rowsOf([row(2), row(1)]))).rejects.toThrow('order');
    await expect(csvOf(rowsOf([row(1), row(1)]))).rejects.toThrow('order');
    const rows = Array.from({ length: 1_234 }, (_each, index) => row(index));
    expect(await csvOf(rowsOf(rows))).toBe(await csvOf(rowsOf(rows)));
  });

  it('holds some rows at a time, however many there are', async () => {
    let taken = 0;
    let given = 0;
    let most = 0;
    async function* many() {
      for (let index = 0; index < 200_000; index += 1) {
        taken += 1;
        most = Math.max(most, taken - given);
        yield row(index);
      }
    }
    for await (const part of usageCsv(many())) given += (part.toString().match(/\r\n/g) ?? []).length;
    expect(given).toBe(200_001);
    expect(most).toBeLessThanOrEqual(1_000);
  });

  it('hands on what goes wrong with its rows', async () => {
    async function* broken() {
      yield await Promise.resolve(row(1));
      throw new Error('the cursor is gone');
    }
    await expect(csvOf(broken())).rejects.toThrow('the cursor is gone');
  });
});
