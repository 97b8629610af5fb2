// What must be set before the program loads; CommonJS is loaded without the thread pool, which takes its size at first use.
// A ClickHouse query holds a thread of the pool while it runs; with the default of 4, file writes would wait for queries.
process.env.UV_THREADPOOL_SIZE ??= '16';

import('../dist/cli/pharos.js');
