import { expireChangeRequests } from '../approvals/expire-change-requests';
import { deliverDueMessages, deliverMessages } from '../notifications/deliver-messages';
import type { Job } from '../platform/job';

/** Every job there is. What is not in this list is never run. */
export const everyJob: readonly Job[] = [expireChangeRequests, deliverMessages, deliverDueMessages];
