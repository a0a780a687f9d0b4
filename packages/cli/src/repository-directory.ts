import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError } from './console.js';
import { openAt } from './repository.js';

/** Folders below the root that are looked into, and repositories that are kept open at once. */
const MAX_DEPTH = 8;
const MAX_FOLDERS = 100_000;
/** A path that is not there makes the folders be read again, this often at most. */
const RESCAN_INTERVAL_MS = 1000;

/**
 * The bare repositories under a folder, each by its path relative to that folder. A request's path is looked up here and never
 * joined to a folder, so it cannot lead outside. Links are not followed.
 */
export class RepositoryDirectory {
  readonly #root: string;
  readonly #open = new Map<string, Promise<FileRepository>>();
  #paths: ReadonlySet<string> = new Set();
  #scanned = Number.NEGATIVE_INFINITY;
  #scan: Promise<void> | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** The repository at `path` (or at `path.git`), or `undefined`. It stays open until {@link close}. */
  async find(path: string): Promise<FileRepository | undefined> {
    const known = this.#known(path) ?? (await this.#rescanned(path));
    if (known === undefined) return undefined;
    let opened = this.#open.get(known);
    if (opened === undefined) {
      opened = openAt(join(this.#root, known));
      this.#open.set(known, opened);
      opened.catch(() => this.#open.delete(known)); // a later request tries again
    }
    return await opened;
  }

  /** Every path there is now, sorted. */
  async list(): Promise<string[]> {
    await this.#rescan();
    return [...this.#paths].sort();
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    for (const result of opened) if (result.status === 'fulfilled') await result.value.close();
  }

  #known(path: string): string | undefined {
    return [path, `${path}.git`].find((candidate) => this.#paths.has(candidate));
  }

  async #rescanned(path: string): Promise<string | undefined> {
    if (performance.now() - this.#scanned < RESCAN_INTERVAL_MS) return undefined;
    await this.#rescan();
    return this.#known(path);
  }

  async #rescan(): Promise<void> {
    this.#scan ??= findRepositories(this.#root).then(
      (paths) => {
        this.#paths = paths;
        this.#scanned = performance.now();
        this.#scan = undefined;
      },
      (error: unknown) => {
        this.#scan = undefined;
        throw error;
      },
    );
    await this.#scan;
  }
}

async function findRepositories(root: string): Promise<Set<string>> {
  const found = new Set<string>();
  const queue: { path: string; depth: number }[] = [{ path: '', depth: 0 }];
  let folders = 0;
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    if (++folders > MAX_FOLDERS) break;
    const entries = await readdir(join(root, at.path), { withFileTypes: true }).catch((error: unknown) => {
      if (at.path === '' || !isPassedOver(error)) throw error;
      return [];
    });
    if (isBareLayout(entries) && (await isFile(join(root, at.path, 'HEAD')))) {
      if (at.path !== '') found.add(at.path);
      else throw new CommandError('it is a repository itself: serve the folder that holds it');
      continue;
    }
    if (at.depth === MAX_DEPTH) continue;
    for (const entry of entries) {
      if (entry.isDirectory() && entry.name !== '.git') {
        queue.push({ path: at.path === '' ? entry.name : `${at.path}/${entry.name}`, depth: at.depth + 1 });
      }
    }
  }
  return found;
}

function isBareLayout(entries: readonly { name: string }[]): boolean {
  const names = new Set(entries.map(({ name }) => name));
  return names.has('HEAD') && names.has('objects') && names.has('refs');
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (isPassedOver(error)) return false;
    throw error;
  }
}

/** What was removed meanwhile, and what is not ours to read, is not served; the rest is. */
function isPassedOver(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
}
