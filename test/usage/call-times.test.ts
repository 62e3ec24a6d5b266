import { callTimes } from '../../src/usage/call-times.rules';

const NOW = Date.UTC(9999, 11, 31);
const inUtc = (local: number) => local;
const startOf = (startedAt: string, date?: string) => callTimes({ startedAt, date }, inUtc, NOW);
const DAY = 86_400_000;

describe('the times of a call', () => {
  it('are those of the calendar, on the first and the last day of each month of four centuries', () => {
    for (let month = 0; month < 4800; month += 1)
      for (const at of [Date.UTC(2000, month, 1), Date.UTC(2000, month + 1, 1) - 1]) {
        const iso = new Date(at).toISOString();
        expect(startOf(iso)).toMatchObject({ startedAt: at });
        expect(startOf(iso.slice(11, 23), iso.slice(0, 10))).toMatchObject({ startedAt: at });
      }
  });

  it('are none on a day that a month has not', () => {
    for (let month = 0; month < 4800; month += 1) {
      const last = new Date(Date.UTC(2000, month + 1, 1) - DAY).toISOString();
      const behind = String(Number(last.slice(8, 10)) + 1);
      const date = last.slice(0, 8) + behind;
      expect(startOf(`${date}T10:00:00Z`)).toEqual({ code: 'TIME_INVALID', field: 'startedAt' });
      expect(startOf('10:00:00', date)).toEqual({ code: 'TIME_INVALID', field: 'date' });
    }
    for (const date of ['2026-00-10', '2026-13-10', '2026-01-00'])
      expect(startOf(`${date}T10:00:00Z`)).toMatchObject({ code: 'TIME_INVALID' });
  });

  it('are told by a hyphen behind the year, or by none', () => {
    for (const text of ['2026/01/02 10:00', '10-00', '1:2:3', '', '2026', 'abcd-01-02T10:00Z', '10:00:00Z'])
      expect(startOf(text, '2026-01-02')).toMatchObject({ code: 'TIME_INVALID' });
  });
});
