import type { HashAlgorithm } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import { objectStoreContract, refStoreContract, repositoryContract } from '@git-kv/repository/contracts';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository } from '@git-kv/repository/node-fs';
import { forkRepository, overlayObjects } from '@git-kv/repository/overlay';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../../test/support/git.js';

const harness = { describe, test, expect };

const files = (algorithm: HashAlgorithm): Promise<Repository> =>
  initRepository(temporaryDirectory(), { objectFormat: algorithm.name, durability: 'none' });

describe('three layers of memory', () => {
  objectStoreContract(harness, async (algorithm) => {
    const [top, middle, bottom] = [1, 2, 3].map(() => createMemoryRepository({ algorithm }).objects);
    if (top === undefined || middle === undefined || bottom === undefined) throw new Error('BUG: there are three');
    return overlayObjects([top, middle, bottom]);
  });
});

describe('a fork in memory', () => {
  const open = async (algorithm: HashAlgorithm): Promise<Repository> =>
    forkRepository(createMemoryRepository({ algorithm }), createMemoryRepository({ algorithm }));
  refStoreContract(harness, async (algorithm) => (await open(algorithm)).refs, { transactions: true, fences: true });
  repositoryContract(harness, open);
});

describe('a fork in files, of a repository in memory', () => {
  const open = async (algorithm: HashAlgorithm): Promise<Repository> =>
    forkRepository(createMemoryRepository({ algorithm }), await files(algorithm));
  objectStoreContract(harness, async (algorithm) => (await open(algorithm)).objects);
  repositoryContract(harness, open);
});
