import { assertRefName, GitError, type HashName, hashAlgorithm } from '@git-kv/objects';
import { Disk, type Durability } from './disk.js';
import type { Fs } from './fs.js';
import { joinPath } from './path.js';

/** How a new repository is set up. */
export interface InitOptions {
  /** Default `sha1`. */
  readonly objectFormat?: HashName | undefined;
  /** The branch HEAD points to, without `refs/heads/` (default `main`). */
  readonly initialBranch?: string | undefined;
  readonly durability?: Durability | undefined;
}

/** Names that an existing directory may already hold and still become a repository. */
const SKELETON: readonly string[] = ['objects', 'objects/info', 'objects/pack', 'refs', 'refs/heads', 'refs/tags'];

/**
 * Create a bare repository at `path`, which may exist when it is empty. HEAD comes last: until it is there,
 * nobody takes the directory for a repository.
 * @throws {GitError} ALREADY_PRESENT where a repository is there already
 */
export async function initFileRepository(fs: Fs, path: string, options: InitOptions = {}): Promise<void> {
  const disk = new Disk(fs, options.durability);
  const algorithm = hashAlgorithm(options.objectFormat ?? 'sha1');
  const branch = `refs/heads/${options.initialBranch ?? 'main'}`;
  assertRefName(branch);
  await disk.makeDirectory(path);
  if (await disk.findStat(joinPath(path, 'HEAD'))) {
    throw new GitError('ALREADY_PRESENT', `Cannot create a repository at ${path}: one is there`);
  }
  for (const directory of SKELETON) await disk.makeDirectory(joinPath(path, directory));
  const config = ['[core]', `\trepositoryformatversion = ${algorithm.name === 'sha1' ? 0 : 1}`];
  config.push('\tfilemode = true', '\tbare = true');
  if (algorithm.name !== 'sha1') config.push('[extensions]', `\tobjectformat = ${algorithm.name}`);
  await writeFile(disk, path, 'config', `${config.join('\n')}\n`);
  await writeFile(disk, path, 'HEAD', `ref: ${branch}\n`);
  await disk.syncDirectory(path);
}

async function writeFile(disk: Disk, directory: string, name: string, text: string): Promise<void> {
  const file = await disk.createTemporary(directory, `${name}.tmp`);
  try {
    await file.write(new TextEncoder().encode(text), 0);
    await file.sync();
    await file.close();
    await disk.rename(file.path, joinPath(directory, name));
  } catch (error) {
    await disk.abandon(file);
    throw error;
  }
}
