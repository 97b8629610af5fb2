import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { glob } from './glob.ts';

describe('glob', () => {
  let root: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'pharos-glob-'));
    for (const name of ['a', 'b', '.c']) {
      await mkdir(join(root, name));
      await writeFile(join(root, name, '1.yml'), '');
      await writeFile(join(root, name, '2.yml'), '');
      await writeFile(join(root, name, '2.json'), '');
    }
    await writeFile(join(root, 'we(i)rd+.yml'), '');
  });
  afterAll(() => rm(root, { recursive: true }));

  it.each([
    ['a/1.yml', ['a/1.yml']],
    ['a/9.yml', []],
    ['a/*.yml', ['a/1.yml', 'a/2.yml']],
    ['*/1.yml', ['.c/1.yml', 'a/1.yml', 'b/1.yml']],
    ['a/[2-9].*', ['a/2.json', 'a/2.yml']],
    ['a/[^2].yml', ['a/1.yml']],
    ['?/2.json', ['a/2.json', 'b/2.json']],
    ['we(i)rd+.y*', ['we(i)rd+.yml']],
    ['nowhere/*.yml', []],
    ['a/1.yml/*', []],
  ])('%s', async (pattern, wanted) => {
    expect(await glob(join(root, pattern))).toEqual(wanted.map((name) => join(root, name)));
  });

  it('refuses an open bracket', async () => {
    await expect(glob(join(root, 'a/[x'))).rejects.toThrow('expected a closing bracket in the pattern "[x"');
  });
});
