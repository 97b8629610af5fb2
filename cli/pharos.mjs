#!/usr/bin/env node
// The command `pharos` of a checkout: compiles what changed, then runs it.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const prepared = spawnSync(process.execPath, [path.join(here, 'prepare.mjs')], { stdio: 'inherit' });
if (prepared.status !== 0) process.exit(prepared.status ?? 1);
await import(pathToFileURL(path.join(here, '..', 'dist', 'cli', 'pharos.js')).href);
