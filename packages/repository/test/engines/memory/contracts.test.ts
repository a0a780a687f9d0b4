import { memorySource } from '@git-kv/pack';
import {
  byteSourceContract,
  objectStoreContract,
  refStoreContract,
  repositoryContract,
} from '@git-kv/repository/contracts';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';

const harness = { describe, test, expect };

describe('the memory engine', () => {
  objectStoreContract(harness, async (algorithm) => createMemoryRepository({ algorithm }).objects);
  const features = { transactions: true, fences: true, prepare: true };
  refStoreContract(harness, async (algorithm) => createMemoryRepository({ algorithm }).refs, features);
  repositoryContract(harness, async (algorithm) => createMemoryRepository({ algorithm }));
});

describe('a source in memory', () => {
  byteSourceContract(harness, async (bytes) => memorySource(bytes));
});
