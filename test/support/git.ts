import { onTestFinished } from 'vitest';
import { makeDirectory, removeDirectory } from './git-process.js';

export * from './git-process.js';

/** A fresh directory that is removed when the running test ends. */
export function temporaryDirectory(name = 'git-kv'): string {
  const directory = makeDirectory(name);
  onTestFinished(() => removeDirectory(directory));
  return directory;
}
