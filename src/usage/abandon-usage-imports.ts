import { ownContext } from '../platform/context';
import { HOUR } from '../platform/durations';
import type { Job } from '../platform/job';
import { ask } from '../platform/pooled';
import { inTransaction } from '../platform/transaction';
import { endUsageImport } from './end-usage-import';

/** In ms: an import of which no batch came for so long is of a process that is gone. */
const SILENT = HOUR;

const DUE = `SELECT id FROM usage_import WHERE state = 'RUNNING' AND updated_at < $1 ORDER BY updated_at LIMIT 500`;

/** Says of imports whose process is gone that nobody goes on with them. */
export const abandonUsageImports: Job = {
  name: 'usageImports.abandon',
  everyMinute: true,
  run: async (app, _payload, stop) => {
    const before = new Date(app.clock().getTime() - SILENT);
    for (const { id } of await ask<{ id: string }>(app, { text: DUE, values: [before] })) {
      if (stop.aborted) return;
      await inTransaction(ownContext(app, 'jobs'), (tx) =>
        endUsageImport(tx, id, 'ABANDONED', 'USAGE_IMPORT_SILENT'),
      ).catch((error: unknown) => app.log.error({ err: error, usageImportId: id }, 'an import was not abandoned'));
    }
  },
};
