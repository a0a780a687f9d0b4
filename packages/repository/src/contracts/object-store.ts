import { type HashAlgorithm, sha1, sha256 } from '@git-kv/objects';
import type { ObjectStore } from '../object-store.js';
import type { TestHarness, WithStore } from './harness.js';
import { promisesContract } from './object-store-promises.js';
import { pruneContract } from './object-store-prune.js';
import { readAndWriteContract } from './object-store-read-write.js';
import { receiveContract } from './object-store-receive.js';

/** Gives a fresh, empty store. The suite closes it. */
export type OpenObjectStore = (algorithm: HashAlgorithm) => Promise<ObjectStore>;

/** What every {@link ObjectStore} does, for both object formats. A new engine is done when it passes. */
export function objectStoreContract(harness: TestHarness, open: OpenObjectStore): void {
  for (const algorithm of [sha1, sha256]) {
    const withStore: WithStore = (run) => async () => {
      const store = await open(algorithm);
      try {
        await run(store, algorithm);
      } finally {
        await store.close();
      }
    };
    harness.describe(`keeps the ObjectStore contract (${algorithm.name})`, () => {
      readAndWriteContract(harness, withStore);
      receiveContract(harness, withStore);
      pruneContract(harness, withStore);
      promisesContract(harness, withStore);
    });
  }
}
