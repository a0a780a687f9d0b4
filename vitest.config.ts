import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

// Tests run on the sources, so that a failing line is the line that was written; the command-line tests run the build.
const conditions = ['@git-kv/source', 'node', 'import', 'module', 'default'];

const tests = ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'];
// Files that leave nothing behind in their process: a worker keeps what it has loaded, which is half of their time.
// A larger process is slower to start git from, so those that do so all the time are not among them.
const shared = ['packages/{kernels,objects,pack,protocol,kv}/test/**/*.test.ts'];
// These replace globals or modules of their process, or measure it.
const alone = [
  'packages/kernels/test/{browser,wasm}.test.ts',
  'packages/pack/test/indexer/collision.test.ts',
  'packages/protocol/test/{node/fetch,transport/deadline}.test.ts',
  'packages/kv/test/{power-loss,retention,sync}.test.ts',
];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'shared', isolate: false, include: shared, exclude: [...configDefaults.exclude, ...alone] },
      },
      { extends: true, test: { name: 'alone', include: alone } },
      { extends: true, test: { name: 'rest', include: tests, exclude: [...configDefaults.exclude, ...shared] } },
    ],
    environment: 'node',
    globalSetup: ['./test/support/global-setup.ts'],
    setupFiles: ['./test/support/seed.ts'],
    // Tests wait for git's processes half of their time: every core counts, and the default leaves one out.
    maxWorkers: Math.min(availableParallelism(), 8),
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
