import { assertNoLeaks } from './canaries';

// After each test of every file: what came out of an app meanwhile. What stayed in its database is looked at when it is closed (support/app.ts).
afterEach(() => assertNoLeaks());
