#!/usr/bin/env node
// Makes a checkout ready to run: the locked dependencies, then the compiled program. Plain JavaScript and nothing but
// Node, because it runs before anything is installed. Both steps are skipped when nothing changed since the last time.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const say = (text) => process.stderr.write(`pharos: ${text}\n`);

/** Runs a program to its end, with a line of progress every few seconds; rejects when it fails. */
function run(command, args, { title }) {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
    const heartbeat = setInterval(() => say(`${title}: ${Math.round((Date.now() - started) / 1000)} s`), 5000);
    child.on('error', (error) => {
      clearInterval(heartbeat);
      reject(new Error(`${title}: cannot run ${command}: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      clearInterval(heartbeat);
      if (code === 0) resolve();
      else reject(new Error(`${title} failed (${signal ?? `exit ${code}`})`));
    });
  });
}

async function installDependencies() {
  const stamp = path.join(root, 'node_modules', '.pharos-installed');
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch} ${process.versions.modules}`)
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing the locked dependencies (once; the ClickHouse engine among them is 570 MB)');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  await run(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { title: 'installing' });
  writeFileSync(stamp, wanted);
  say('installed');
}

async function build() {
  const require = createRequire(path.join(root, 'package.json'));
  const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  await run(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { title: 'compiling' });
  await buildConsole(require);
}

/** Bundles the console, when one of its files has changed. */
async function buildConsole(require) {
  const stamp = path.join(root, 'dist', 'console', '.built-from');
  const directory = path.join(root, 'console');
  const hash = createHash('sha256').update(readFileSync(path.join(root, 'package-lock.json')));
  for (const name of readdirSync(directory, { recursive: true }).sort()) {
    const file = path.join(directory, name);
    if (statSync(file).isFile()) hash.update(name).update(readFileSync(file));
  }
  const wanted = hash.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const vite = path.join(path.dirname(require.resolve('vite/package.json')), 'bin', 'vite.js');
  await run(process.execPath, [vite, 'build', 'console', '--logLevel', 'warn'], { title: 'bundling the console' });
  writeFileSync(stamp, wanted);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  say(`Node.js 20.19 or newer is needed, this is ${process.versions.node}`);
  process.exit(1);
}
try {
  await installDependencies();
  if (!process.argv.includes('--install-only')) await build();
} catch (error) {
  say(error.message);
  process.exit(1);
}
