import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/** What the Dockerfile says of the image that is built when no target is named. */
export interface Image {
  readonly entrypoint: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Of the last USER. */
  readonly user: string;
  /** Without the leading CMD. */
  readonly health: readonly string[];
  /** What is copied from the stage that builds, relative to the directory of the program. */
  readonly files: readonly string[];
  /** The packages that are moved aside before. */
  readonly withoutPackages: readonly string[];
  /** The images that stages begin with. */
  readonly bases: readonly string[];
}

/** Reads the Dockerfile of a checkout: its stage `program`, and that `build` and `program` are made as expected here. */
export function readImage(root: string): Image {
  const text = readFileSync(path.join(root, 'Dockerfile'), 'utf8').replace(/\\\n\s*/g, '');
  const stages = text.split(/^(?=FROM )/m).slice(1);
  const stage = (name: string): string => {
    const found = stages.find((lines) => new RegExp(`^FROM .* AS ${name}$`, 'm').test(lines));
    if (found === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
    return found;
  };
  const program = stage('program');
  if (stages.at(-1)!.trim() !== 'FROM program') throw new Error('the last stage of the Dockerfile must be program');
  const json = (pattern: RegExp) => JSON.parse(pattern.exec(program)![1]!) as string[];
  const environment = program.split('\n').filter((line) => line.startsWith('ENV '));
  return {
    entrypoint: json(/^ENTRYPOINT (.*)$/m),
    environment: Object.fromEntries(
      environment.flatMap((line) => [...line.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value])),
    ),
    user: /^USER (.*)$/m.exec(program)![1]!,
    health: json(/^HEALTHCHECK .*?CMD (.*)$/m),
    files: [...program.matchAll(/^COPY --from=build \/pharos\/(\S+) (\S+)$/gm)].map(([, from, to]) => {
      if (from !== to) throw new Error(`${from} must keep its place in the image, got ${to}`);
      return from!;
    }),
    withoutPackages: [
      ...(/ mv ((?:node_modules\/\S+ )+)engine\//.exec(stage('build'))?.[1] ?? '').matchAll(/\S+/g),
    ].map(([name]) => name),
    bases: stages.map((lines) => /^FROM (\S+)/.exec(lines)![1]!).filter((base) => base !== 'program'),
  };
}

/** The folders of dist/ that are compiled from code which the image is not made of. */
const NOT_COMPILED = ['bench', 'test', 'dashboards'];

/**
 * Puts the files of the image into a directory, from a checkout in which it has been built: of the packages only those which the
 * program needs. They are hard links where that is possible.
 */
export function assembleImage(root: string, directory: string, image: Image): void {
  const link = (file: string): void => {
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    const [from, to] = [path.join(root, file), path.join(directory, file)];
    try {
      execFileSync('cp', ['-alL', from, to], { stdio: 'ignore' });
    } catch {
      // Another file system.
      rmSync(to, { recursive: true, force: true });
      execFileSync('cp', ['-aL', from, to]);
    }
  };
  for (const file of image.files) {
    if (file === 'node_modules') for (const name of productionPackages(root, image)) link(name);
    else if (file === 'dist') {
      for (const name of readdirSync(path.join(root, file))) {
        if (!NOT_COMPILED.includes(name)) link(path.join(file, name));
      }
    } else link(file);
  }
}

/** The directories of what `npm prune --omit=dev` leaves, without packages inside of others, which come with them. */
function productionPackages(root: string, { withoutPackages }: Image): string[] {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  return Object.entries(lock.packages)
    .filter(([name, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(name) && dev !== true)
    .map(([name]) => name)
    .filter((name) => !withoutPackages.some((without) => name === without || name.startsWith(`${without}/`)))
    .filter((name) => existsSync(path.join(root, name)));
}
