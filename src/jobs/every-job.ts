import { endGrants } from '../access/end-grants';
import { escalateChangeRequests } from '../approvals/escalate-change-requests';
import { remindOfChangeRequests } from '../approvals/remind-of-change-requests';
import { expireChangeRequests } from '../approvals/expire-change-requests';
import { deliverDueMessages, deliverMessages } from '../notifications/deliver-messages';
import { remedyAccessReviews } from '../reviews/remedy-access-reviews';
import type { Job } from '../platform/job';

/** Every job there is. What is not in this list is never run. */
export const everyJob: readonly Job[] = [
  endGrants,
  remedyAccessReviews,
  expireChangeRequests,
  escalateChangeRequests,
  remindOfChangeRequests,
  deliverMessages,
  deliverDueMessages,
];
