/** The lifecycle's and the approval's own tests, by a worker that replays each workflow from its beginning at each of its tasks. */
import { withoutWorkflowCache } from '../support/system';
import '../system/lifecycle.test';
import '../system/approve.test';

withoutWorkflowCache();
