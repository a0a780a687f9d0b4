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
import { type FileRepository, initRepository, openPackFile } from '../../../src/node/index.js';

const harness = { describe, test, expect };

const open = (algorithm: HashAlgorithm): Promise<FileRepository> =>
  initRepository(temporaryDirectory(), { objectFormat: algorithm.name, durability: 'none' });

describe('the file engine', () => {
  objectStoreContract(harness, async (algorithm) => (await open(algorithm)).objects);
  refStoreContract(harness, async (algorithm) => (await open(algorithm)).refs, {
    transactions: true,
    fences: true,
    prepare: true,
  });
  repositoryContract(harness, open);
});

describe('a pack file', () => {
  byteSourceContract(harness, async (bytes) => {
    const path = join(temporaryDirectory(), 'pack');
    writeFileSync(path, bytes);
    return openPackFile(path);
  });
});
