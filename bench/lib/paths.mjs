// Where the benchmark keeps what it makes. Everything under `cacheDirectory` can be deleted at any time.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const benchDirectory = dirname(dirname(fileURLToPath(import.meta.url)));
export const cacheDirectory = join(benchDirectory, '.cache');
export const resultsDirectory = join(benchDirectory, 'results');
export const rivalsDirectory = join(benchDirectory, 'rivals');

/** One for each benchmark that runs. */
const workDirectory = join(cacheDirectory, `work-${process.pid}`);

/**
 * A fresh, empty directory for one run.
 *
 * @returns {string}
 */
export function makeRunDirectory() {
  mkdirSync(workDirectory, { recursive: true });
  return mkdtempSync(join(workDirectory, 'run-'));
}

/** Leave no run's directory behind, whatever the benchmark ends by. */
export function removeRunDirectories() {
  removeDirectory(workDirectory);
}

/** @param {string} directory */
export function removeDirectory(directory) {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}
