import { orderOf, TYPES } from './naive-types';
import { cursorOf, Instant, type Row, type Tables } from './naive-rows';

const snake = (name: string) => name.replaceAll(/[A-Z]/g, '_$&').toLowerCase();
const UNKNOWN = '01890000-0000-7000-8000-000000000000';

/** Values that mean something to the rows there are: what arguments and filters are given. */
export class Samples {
  private readonly rows: Row[];

  constructor(
    private readonly tables: Tables,
    private readonly cursorKey: Buffer,
  ) {
    this.rows = Object.values(tables).flat();
  }

  /** Values of a scalar for an argument or input field of that name, within what answers that type. Never none. */
  of(scalar: string, name: string, answered: string): unknown[] {
    const type = answered.replace(/Connection$/, '');
    switch (scalar) {
      case 'Boolean':
        return [true, false];
      case 'Int':
        return [0, 1, 1, 2, 3, 5, 7];
      case 'ID':
        return this.ids(name, type);
      case 'DateTime':
        return this.instants(type);
      case 'LocalDate':
        return [...this.column('due_on'), '2026-03-01', '0001-01-01', '9999-12-31'];
      case 'Decimal':
        return ['0', '12.30'];
      default:
        return this.texts(name);
    }
  }

  /** A row's cursor, whoever sees the row and whatever filter it matches. `foreign`: of another order. */
  cursor(type: string, order: string | null | undefined, index: number, foreign: boolean): string {
    const { name, column } = orderOf(type, order);
    const rows = this.tables[TYPES[type]!.table];
    const row = rows[index % rows.length]!;
    return cursorOf(foreign ? `${name}S` : name, row[column], row.id as string, this.cursorKey);
  }

  private column(column: string): unknown[] {
    return [...new Set(this.rows.map((row) => row[column] as unknown).filter((value) => typeof value === 'string'))];
  }

  private ids(name: string, type: string): unknown[] {
    const own = name === 'id' ? (this.tables[TYPES[type]!.table].map(({ id }) => id) as string[]) : [];
    const known = [...own, ...(this.column(snake(name)) as string[])];
    const chosen = known.filter((_, index) => index % Math.ceil(known.length / 12) === 0);
    return [...chosen, chosen[0]!.toUpperCase(), UNKNOWN, 'x', 7];
  }

  private instants(type: string): unknown[] {
    const { table } = TYPES[type]!;
    const columns = [{ 'audit.event': 'at', call_record: 'started_at' }[table as string] ?? 'received_at'];
    const instants = this.tables[table].flatMap((row) => columns.map((column) => row[column] as Instant));
    const some = instants.filter((_, index) => index % Math.ceil(instants.length / 8) === 0).map(({ iso }) => iso);
    return [...some, some[0]!.replace('Z', '+05:30'), '2026-02-01T00:00:00Z'];
  }

  private texts(name: string): unknown[] {
    if (name === 'search') return ['a', 'LIENT', 'r3', 'Å', 'ömlaut', '"', '%', '_', '\\', '😀', '', ' ', "'x'"];
    if (name === 'name') return [...Object.keys(TYPES), 'Query', 'Money', 'PageInfo', 'UserFilter', 'Role', 'None'];
    const known = this.column(snake(name)) as string[];
    const some = known.filter((_, index) => index % Math.ceil(known.length / 12) === 0);
    return [...some, ...some.slice(0, 1).map((each) => each.toUpperCase()), 'none', ''];
  }
}
