import { declareRead, hex, instant, plains } from '../platform/read';

export const auditCheckpointRead = declareRead('AuditCheckpoint', {
  table: 'audit.checkpoint',
  fields: {
    ...plains('id', 'size', 'note'),
    rootHash: hex('root'),
    at: instant('created_at'),
  },
  orders: { SIZE: { column: 'size', type: 'bigint' } },
  defaultOrder: 'SIZE_DESC',
});
