import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HashAlgorithm } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../../test/support/git.js';
import {
  byteSourceContract,
  objectStoreContract,
  refStoreContract,
  repositoryContract,
} from '../../../src/contracts/index.js';
import { type FileRepository, initRepository, openPackFile, openRepository } from '../../../src/node/index.js';

const harness = { describe, test, expect };

const open = (algorithm: HashAlgorithm): Promise<FileRepository> =>
  initRepository(temporaryDirectory(), { objectFormat: algorithm.name, durability: 'none' });

const features = { transactions: true, fences: true, prepare: true };

describe('the file engine', () => {
  objectStoreContract(harness, async (algorithm) => (await open(algorithm)).objects);
  refStoreContract(harness, async (algorithm) => (await open(algorithm)).refs, features);
  repositoryContract(harness, open);
});

describe('the file engine that synchronises ref transactions together', () => {
  const openBatch = async (algorithm: HashAlgorithm): Promise<FileRepository> => {
    const directory = temporaryDirectory();
    await (await initRepository(directory, { objectFormat: algorithm.name, durability: 'none' })).close();
    return openRepository(directory, { durability: 'batch' });
  };
  refStoreContract(harness, async (algorithm) => (await openBatch(algorithm)).refs, features);
});

describe('a pack file', () => {
  byteSourceContract(harness, async (bytes) => {
    const path = join(temporaryDirectory(), 'pack');
    writeFileSync(path, bytes);
    return openPackFile(path);
  });
});
