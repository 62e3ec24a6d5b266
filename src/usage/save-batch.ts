import { CopyRows } from '../platform/copy-rows';
import { newId } from '../platform/ids';
import type { Transaction } from '../platform/transaction';
import { type WrittenBatch, writeBatch, WrittenCalls } from './call-rows';
import { sourceNumber, takeCalls } from './take-calls';
import { UsageImport } from './usage-import.entity';
import { type Counts, type FileBatch, type JudgedLine, keptLine, type Rejection } from './usage-import.rules';

/** Lines of an import, and what it comes to with them. */
export interface Decided {
  id: string;
  accountId: string;
  source: string;
  startedById: string;
  now: Date;
  state: 'RUNNING' | 'DONE';
  /** Of a file they are written already. */
  lines: JudgedLine[];
  /** Of an import that goes on. */
  row: UsageImport | null;
  file: FileBatch | null;
}

export const linesOf = ({ lines, file }: Decided): number => file?.batch?.lines ?? lines.length;

export async function saveBatch(tx: Transaction, decided: Decided): Promise<Counts> {
  const { id, accountId, source, lines } = decided;
  const number = await sourceNumber(tx, accountId, source);
  const batch: WrittenBatch =
    decided.file?.batch ?? writeBatch(lines, lines.length, { accountId, importId: id, number });
  const expectKnown = (decided.row?.recordsKnown ?? 0) > 0;
  const calls = new WrittenCalls(batch.calls);
  const { fresh, known, reused } = await takeCalls(tx, { accountId, number }, calls, expectKnown);
  const rejections = [
    ...batch.rejections,
    ...reused.map((line) => ({ ...line, code: 'SOURCE_ID_REUSED', field: 'sourceId' })),
  ];
  const counts = { in: batch.lines, fresh, known, rejected: rejections.length };
  await saveImport(tx, decided, counts);
  await keepRejections(tx, accountId, id, rejections);
  return counts;
}

async function saveImport(
  tx: Transaction,
  decided: Decided,
  { in: count, fresh, known, rejected }: Counts,
): Promise<void> {
  const { row, file, state, now } = decided;
  const grown = {
    state,
    recordsIn: (row?.recordsIn ?? 0) + count,
    recordsNew: (row?.recordsNew ?? 0) + fresh,
    recordsKnown: (row?.recordsKnown ?? 0) + known,
    recordsRejected: (row?.recordsRejected ?? 0) + rejected,
    linesDone: file?.linesDone ?? count,
    bytesDone: String(file?.bytesDone ?? 0),
    updatedAt: now,
    finishedAt: state === 'DONE' ? now : null,
    failureCode: null,
  };
  if (row) return tx.update(row, grown);
  const { id, accountId, source, startedById } = decided;
  await tx.insert(UsageImport, {
    id,
    accountId,
    source,
    startedById,
    fileName: file?.file.name ?? null,
    digest: file?.file.digest ?? null,
    layout: file?.file.layout ?? null,
    bytesTotal: String(file?.file.bytesTotal ?? 0),
    ...grown,
  } as UsageImport);
}

const REJECTION = 'usage_rejection (id, account_id, import_id, line_number, code, field, line)';

const keepRejections = async (tx: Transaction, accountId: string, importId: string, of: readonly Rejection[]) => {
  if (of.length === 0) return;
  const rows = new CopyRows();
  for (const { line, code, field, text } of of)
    rows.row(7).uuid(newId()).uuid(accountId).uuid(importId).integer(line).text(code).text(field).text(keptLine(text));
  await tx.copy(REJECTION, [rows.bytes]);
};
