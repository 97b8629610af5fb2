import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';

export interface CompiledProgram {
  /** What Node runs. */
  readonly path: string;
  dispose(): void;
}

const ROOT = resolve(import.meta.dirname, '..');

/** Compiles a program for a test that needs a process of its own, to kill it. Takes some seconds. */
export function compileProgram(source: string): CompiledProgram {
  const name = basename(source, '.case.ts');
  // Below node_modules, so that the compiled program finds its packages.
  const build = join(ROOT, 'node_modules', '.cache', `pharos-${name}-${process.pid}`);
  mkdirSync(build, { recursive: true });
  writeFileSync(join(build, 'package.json'), '{"type":"module"}');
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { noEmit: false, outDir: join(build, 'out'), rootDir: ROOT, incremental: false },
    include: [],
    files: [source],
  };
  writeFileSync(join(build, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', join(build, 'tsconfig.json')], { stdio: 'inherit' });
  return {
    path: join(build, 'out', relative(ROOT, source).replace(/\.ts$/, '.js')),
    dispose: () => rmSync(build, { recursive: true, force: true }),
  };
}
