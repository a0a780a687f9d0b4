import type { HashAlgorithm } from '@git-kv/objects';
import { type BatchedRepository, batchWrites } from '@git-kv/repository';
import { objectStoreContract, refStoreContract, repositoryContract } from '@git-kv/repository/contracts';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository } from '@git-kv/repository/node-fs';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../../test/support/git.js';

const harness = { describe, test, expect };

async function overFiles(algorithm: HashAlgorithm): Promise<BatchedRepository> {
  return batchWrites(await initRepository(temporaryDirectory(), { objectFormat: algorithm.name, durability: 'none' }));
}

describe('batches over files', () => {
  objectStoreContract(harness, async (algorithm) => (await overFiles(algorithm)).objects);
  refStoreContract(harness, async (algorithm) => (await overFiles(algorithm)).refs);
  repositoryContract(harness, overFiles);
});

describe('batches over memory', () => {
  const open = async (algorithm: HashAlgorithm): Promise<BatchedRepository> =>
    batchWrites(createMemoryRepository({ algorithm }));
  objectStoreContract(harness, async (algorithm) => (await open(algorithm)).objects);
  refStoreContract(harness, async (algorithm) => (await open(algorithm)).refs);
  repositoryContract(harness, open);
});
