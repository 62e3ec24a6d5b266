import type { Job } from '../platform/job';
import { rewrapClassKeys } from './class-keys';
import { rewrapSubjectKeys } from './rewrap-subject-keys';

/** After the master key was rotated: at the first start under the new one, and whenever a process with the earlier one made a key meanwhile. */
export const rewrapKeys: Job = {
  name: 'classKeys.rewrap',
  everyMinute: true,
  run: async (app, _payload, signal) => {
    const count = await rewrapClassKeys(app);
    if (count > 0) app.log.info({ count, masterKey: app.keys.id }, 'keys of classes were wrapped anew');
    await rewrapSubjectKeys(app, signal);
  },
};
