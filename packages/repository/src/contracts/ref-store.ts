import { type HashAlgorithm, sha1, sha256 } from '@git-kv/objects';
import type { RefStore } from '../ref-store.js';
import type { RefStoreFeatures, TestHarness, WithRefs } from './harness.js';
import { refFeaturesContract } from './ref-store-features.js';
import { refListContract } from './ref-store-list.js';
import { refNameContract } from './ref-store-names.js';
import { refUpdateContract } from './ref-store-update.js';

/** Gives a fresh store without refs under refs/. The suite closes it. */
export type OpenRefStore = (algorithm: HashAlgorithm) => Promise<RefStore>;

/** What every {@link RefStore} does, for both object formats. A new engine is done when it passes. */
export function refStoreContract(harness: TestHarness, open: OpenRefStore, features: RefStoreFeatures = {}): void {
  for (const algorithm of [sha1, sha256]) {
    const withRefs: WithRefs = (run) => async () => {
      const refs = await open(algorithm);
      try {
        await run(refs, (digit) => ({ oid: digit.repeat(algorithm.hexLength) }));
      } finally {
        await refs.close();
      }
    };
    harness.describe(`keeps the RefStore contract (${algorithm.name})`, () => {
      refUpdateContract(harness, withRefs);
      refNameContract(harness, withRefs);
      refListContract(harness, withRefs);
      refFeaturesContract(harness, withRefs, features);
    });
  }
}
