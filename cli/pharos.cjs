#!/usr/bin/env -S node --expose-gc --single-threaded-gc --max-semi-space-size=4
// The command `pharos` of a checkout: installs and compiles what changed, then runs it.
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const prepared = spawnSync(process.execPath, [path.join(__dirname, 'prepare.mjs')], { stdio: 'inherit' });
if (prepared.status !== 0) process.exit(prepared.status ?? 1);
require('./start.cjs');
