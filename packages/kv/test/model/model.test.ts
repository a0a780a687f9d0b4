import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository, openRepository } from '@git-kv/repository/node-fs';
import { allowAll, createGitServer } from '@git-kv/server';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { GitKv } from '../../src/index.js';
import { bytesOf, streamOf } from '../support/remote.js';
import { type CommandOptions, commands, nothing, type System } from './commands.js';

const IS_SLOW = process.env.GIT_KV_SLOW === '1';

type Policy = 'rebase' | 'fail';

/** Who goes on at once when others were faster. */
const settingsOf = (onConflict: Policy) => ({ onConflict, backOff: async () => {} });

interface Way {
  readonly name: string;
  readonly runs: number;
  readonly has: Omit<CommandOptions, 'size'>;
  open(onConflict: Policy): Promise<System & { check?(): void; close?(): Promise<void> }>;
}

/** A store over a server of this process. A partial one is whole again once it was saved and read back. */
async function synced(onConflict: Policy, partial: boolean): Promise<System> {
  const settings = settingsOf(onConflict);
  const repository = createMemoryRepository();
  const server = createGitServer({ resolve: () => repository, authorize: allowAll });
  let line: 'whole' | 'cut before the push' | 'cut after the push' | 'cut' = 'whole';
  const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(url, init);
    const isPush = request.method === 'POST' && request.url.endsWith('/git-receive-pack');
    if (line === 'cut') throw new TypeError('The line is cut');
    if (!isPush || line === 'whole') return await server(request);
    if (line === 'cut after the push') await (await server(request)).arrayBuffer();
    else await request.arrayBuffer();
    line = 'cut';
    throw new TypeError('The line is cut');
  };
  const remote = 'http://localhost/store.git';
  const system: System = {
    store: await GitKv.connect(remote, { fetch, author: 'one', partial, ...settings }),
    reopen: async (format) => {
      const octets = await bytesOf(system.store.toOctets({ format }));
      expect(await bytesOf(system.store.toOctets({ format }))).toEqual(octets);
      system.store = await GitKv.ofOctets(streamOf(octets, 100), { remote, fetch, author: 'one', ...settings });
    },
    other: () => GitKv.connect(remote, { fetch, author: 'other' }),
    cut: (hasArrived) => {
      line = hasArrived ? 'cut after the push' : 'cut before the push';
    },
    mend: () => {
      line = 'whole';
    },
  };
  return system;
}

const ways: readonly Way[] = [
  {
    name: 'over a repository in memory',
    runs: 40,
    has: { reopenPulls: true, hasLine: false },
    open: async (onConflict) => {
      const settings = settingsOf(onConflict);
      const repository = createMemoryRepository();
      const open = (author: string): Promise<GitKv> => GitKv.open(repository, { author, ...settings });
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
    runs: 6,
    has: { reopenPulls: true, hasLine: false },
    open: async (onConflict) => {
      const settings = settingsOf(onConflict);
      const path = `${temporaryDirectory()}/store.git`;
      let repository = await initRepository(path);
      const open = (author: string): Promise<GitKv> => GitKv.open(repository, { author, ...settings });
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
    runs: 12,
    has: { reopenPulls: false, hasLine: true },
    open: (onConflict) => synced(onConflict, false),
  },
  {
    name: 'that fetches from a server what it needs',
    runs: 6,
    has: { reopenPulls: false, hasLine: true },
    open: (onConflict) => synced(onConflict, true),
  },
];

const policy = fc.constantFrom<Policy>('rebase', 'rebase', 'fail');

describe('A store does what a map of paths does, alone and beside other writers: M22 M23 M25 M30 to M33 K12 K20 K23 K26 K36 to K39', () => {
  test.each(ways)(
    '$name',
    async ({ runs, has, open }) => {
      await fc.assert(
        fc.asyncProperty(policy, commands({ ...has, size: IS_SLOW ? 60 : 20 }), async (onConflict, run) => {
          const system = await open(onConflict);
          try {
            await fc.asyncModelRun(() => ({ model: nothing(onConflict), real: system }), run);
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
