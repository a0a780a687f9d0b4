import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Oid } from '@git-kv/objects';
import { connectUploadPack, createHttpTransport, type UploadPackClient } from '@git-kv/protocol';
import { type FetchIntoOptions, fetchInto } from '@git-kv/repository';
import { initRepository } from '@git-kv/repository/node-fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, gitAsync, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { makeRandomHistory } from '../../../../test/support/random-history.js';

type Step = readonly [git: readonly string[], ours: Partial<FetchIntoOptions>];

/** Fetches of main one after another, each as git is told and as we are. */
const CASES: readonly (readonly Step[])[] = [
  [
    [['--depth=2'], { depth: 2 }],
    [['--deepen=1'], { depth: 1, relative: true }],
    [['--depth=5'], { depth: 5 }],
    [['--depth=1'], { depth: 1 }],
    [['--unshallow'], { unshallow: true }],
  ],
  [
    [['--shallow-since=1700002500'], { since: 1_700_002_500 }],
    [['--shallow-since=1700001000'], { since: 1_700_001_000 }],
    [['--deepen=2'], { depth: 2, relative: true }],
  ],
  [
    [['--shallow-exclude=v1'], { not: ['v1'] }],
    [['--shallow-exclude=refs/tags/v1', '--shallow-since=1700002000'], { not: ['refs/tags/v1'], since: 1_700_002_000 }],
    [['--unshallow'], { unshallow: true }],
  ],
];

function shallowOf(directory: string): string[] {
  const path = join(directory, 'shallow');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').sort() : [];
}

describe.each(['sha1', 'sha256'] as const)('a shallow fetch from git http-backend (%s)', (format) => {
  let root: string;
  let backend: GitHttpBackend;
  let main: Oid;
  let client: UploadPackClient;
  beforeAll(async () => {
    root = makeDirectory();
    makeRandomHistory(join(root, 'source.git'), format, 6);
    main = git(['rev-parse', 'main'], { cwd: join(root, 'source.git') });
    backend = await startGitHttpBackend({ root });
    client = await connectUploadPack(createHttpTransport(`${backend.url}/source.git`));
  });
  afterAll(async () => {
    await backend.close();
    removeDirectory(root);
  });

  test.each(CASES.map((steps, index) => [index, steps] as const))(
    'leaves the boundary that git leaves (%i)',
    async (index, steps) => {
      const theirs = initBare(join(root, `theirs-${index}.git`), format);
      const ours = await initRepository(join(root, `ours-${index}.git`), { objectFormat: format, durability: 'none' });
      let haves: Oid[] = [];
      for (const [args, options] of steps) {
        const fetched = await gitAsync(
          ['fetch', '-q', '--no-tags', ...args, `${backend.url}/source.git`, '+main:main'],
          {
            cwd: theirs,
          },
        );
        expect(fetched).toMatchObject({ code: 0 });
        await fetchInto(ours, client, { wants: [main], haves, ...options });
        await ours.refs.update([{ name: 'refs/heads/main', next: { oid: main } }]);
        haves = [main];
        expect([...(await ours.shallow.read())].sort()).toEqual(shallowOf(theirs));
        const listed = (cwd: string): string => git(['rev-list', '--objects', 'main'], { cwd });
        expect(listed(join(root, `ours-${index}.git`))).toBe(listed(theirs));
      }
      await ours.close();
    },
  );

  test('cannot ask for things that exclude each other', async () => {
    const ours = await initRepository(join(root, 'asked.git'), { objectFormat: format, durability: 'none' });
    const wants = [main];
    await expect(fetchInto(ours, client, { wants, depth: 1, since: 1 })).rejects.toThrow(TypeError);
    await expect(fetchInto(ours, client, { wants, unshallow: true, depth: 1 })).rejects.toThrow(TypeError);
    await ours.close();
  });
});
