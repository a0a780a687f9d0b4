import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository, openRepository } from '@git-kv/repository/node-fs';
import { allowAll, createGitServer } from '@git-kv/server';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { GitKv } from '../../src/index.js';
import { bytesOf, streamOf } from '../support/remote.js';
import { commands, nothing, type System } from './commands.js';

const IS_SLOW = process.env.GIT_KV_SLOW === '1';

interface Way {
  readonly name: string;
  readonly runs: number;
  /** Whether a store that is made again is as the branch is now. */
  readonly reopenPulls: boolean;
  open(): Promise<System & { check?(): void; close?(): Promise<void> }>;
}

const ways: readonly Way[] = [
  {
    name: 'over a repository in memory',
    runs: 60,
    reopenPulls: true,
    open: async () => {
      const repository = createMemoryRepository();
      const open = (author: string): Promise<GitKv> => GitKv.open(repository, { author });
      const system: System = {
        store: await open('one'),
        reopen: async () => {
          system.store = await open('one');
        },
        other: () => open('other'),
      };
      return system;
    },
  },
  {
    name: 'over a repository on disk',
    runs: 8,
    reopenPulls: true,
    open: async () => {
      const path = `${temporaryDirectory()}/store.git`;
      let repository = await initRepository(path);
      const open = (author: string): Promise<GitKv> => GitKv.open(repository, { author });
      const system = {
        store: await open('one'),
        reopen: async () => {
          await repository.close();
          repository = await openRepository(path);
          system.store = await open('one');
        },
        other: () => open('other'),
        check: () => expect(git(['fsck', '--strict', '--no-dangling'], { cwd: path })).toBe(''),
        close: () => repository.close(),
      };
      return system;
    },
  },
  {
    name: 'synced with a server',
    runs: 20,
    reopenPulls: false,
    open: async () => {
      const repository = createMemoryRepository();
      const server = createGitServer({ resolve: () => repository, authorize: allowAll });
      const fetch = (url: string | URL | Request, init?: RequestInit): Promise<Response> =>
        server(new Request(url, init));
      const remote = 'http://localhost/store.git';
      let count = 0;
      const system: System = {
        store: await GitKv.connect(remote, { fetch, author: 'one' }),
        reopen: async () => {
          const format = count++ % 2 === 0 ? 'bundle' : 'pack';
          const octets = await bytesOf(system.store.toOctets({ format }));
          expect(await bytesOf(system.store.toOctets({ format }))).toEqual(octets);
          system.store = await GitKv.ofOctets(streamOf(octets, 100), { remote, fetch, author: 'one' });
        },
        other: () => GitKv.connect(remote, { fetch, author: 'other' }),
      };
      return system;
    },
  },
];

describe('A store does what a map of paths does, alone and beside other writers: M22 M23 M25 M30 to M33 K12 K20 K23 K26 K36 to K39', () => {
  test.each(ways)(
    '$name',
    async ({ runs, reopenPulls, open }) => {
      await fc.assert(
        fc.asyncProperty(commands({ reopenPulls, size: IS_SLOW ? 60 : 20 }), async (run) => {
          const system = await open();
          try {
            await fc.asyncModelRun(() => ({ model: nothing(), real: system }), run);
            system.check?.();
          } finally {
            await system.close?.();
          }
        }),
        { numRuns: IS_SLOW ? runs * 20 : runs },
      );
    },
    IS_SLOW ? 1_200_000 : 30_000,
  );
});
