import type { Repository } from '@git-kv/repository';
import { allowAll, createGitServer, type GitServerOptions } from '@git-kv/server';
import { type ListeningServer, listen } from '@git-kv/server/node';
import { afterEach, beforeEach } from 'vitest';
import { makeDirectory, removeDirectory } from './git.js';

/** A folder for each test, and our HTTP servers in it. All of it is gone after the test. */
export interface Served {
  /** The folder of the running test. */
  readonly root: string;
  /** Serve one repository at `/repo.git`, to everybody unless the options say otherwise; it is closed with the server. */
  serve(repository: Repository, options?: Partial<GitServerOptions>): Promise<ListeningServer>;
}

/** To be called once in a file, outside of tests. */
export function useServed(name: string): Served {
  let root = '';
  let closers: (() => Promise<void>)[] = [];
  beforeEach(() => {
    root = makeDirectory(name);
    closers = [];
  });
  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    removeDirectory(root);
  });
  return {
    get root() {
      return root;
    },
    async serve(repository, options = {}) {
      const resolve: GitServerOptions['resolve'] = (path) => (path === 'repo.git' ? repository : undefined);
      const server = await listen({ server: createGitServer({ resolve, authorize: allowAll, ...options }) });
      closers.push(
        () => repository.close(),
        () => server.close(),
      );
      return server;
    },
  };
}
