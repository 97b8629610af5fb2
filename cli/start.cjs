// What must be set before the program loads: CommonJS is loaded without the thread pool and before V8's heap has grown.
const v8 = require('node:v8');

// A ClickHouse query holds a thread of the pool while it runs; with the default of 4, file writes would wait for queries.
process.env.UV_THREADPOOL_SIZE ??= '16';
// Bodies of scrapes are short-lived: a larger young generation lets most die without being copied.
v8.setFlagsFromString('--max-semi-space-size=16');

import('../dist/cli/pharos.js');
