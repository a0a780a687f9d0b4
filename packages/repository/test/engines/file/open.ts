import { onTestFinished } from 'vitest';
import { type FileRepository, type FileRepositoryOptions, openRepository } from '../../../src/node/index.js';

/** Open a repository that is closed when the running test ends. */
export async function openForTest(path: string, options?: FileRepositoryOptions): Promise<FileRepository> {
  const repository = await openRepository(path, options);
  onTestFinished(() => repository.close());
  return repository;
}
