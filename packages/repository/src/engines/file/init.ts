import { assertRefName, GitError, type HashName, hashAlgorithm } from '@git-kv/objects';
import type { ConfigDocument } from '../../config/document.js';
import { ConfigFile } from './config-file.js';
import { Disk, type Durability } from './disk.js';
import type { Fs } from './fs.js';
import { findLayout } from './layout.js';
import { joinPath } from './path.js';

/** How a new repository is set up. */
export interface InitOptions {
  /** Default `sha1`; of an existing repository, its own. */
  readonly objectFormat?: HashName | undefined;
  /** The branch HEAD points to, without `refs/heads/` (default `main`). */
  readonly initialBranch?: string | undefined;
  /** Without a work tree (default true). */
  readonly bare?: boolean | undefined;
  /** Whether a repository that is there already is refused (default), or brought up to date as `git init` does. */
  readonly existing?: 'refuse' | 'renew' | undefined;
  readonly durability?: Durability | undefined;
}

/** Names that an existing directory may already hold and still become a repository. */
const SKELETON: readonly string[] = ['objects', 'objects/info', 'objects/pack', 'refs', 'refs/heads', 'refs/tags'];

/** How long another who changes the settings is waited for. */
const LOCK_TIMEOUT_MS = 1000;

/**
 * Create a repository whose git directory is `path` (a bare repository itself, or the `.git` of a work tree), which may exist
 * when it is empty. HEAD comes last: until it is there, nobody takes the directory for a repository.
 * @returns whether it was made: a repository that is renewed keeps its HEAD, refs and settings
 * @throws {GitError} ALREADY_PRESENT where a repository is there already, or one of another object format
 */
export async function initFileRepository(fs: Fs, path: string, options: InitOptions = {}): Promise<boolean> {
  const disk = new Disk(fs, options.durability);
  const branch = `refs/heads/${options.initialBranch ?? 'main'}`;
  assertRefName(branch);
  await disk.makeDirectory(path);
  const isNew = (await disk.findStat(joinPath(path, 'HEAD'))) === undefined;
  if (!isNew && options.existing !== 'renew')
    throw new GitError('ALREADY_PRESENT', `Cannot create a repository at ${path}: one is there`);
  for (const directory of SKELETON) await disk.makeDirectory(joinPath(path, directory));
  const objectFormat = isNew ? (options.objectFormat ?? 'sha1') : (await findLayout(disk, path)).algorithm.name;
  if (objectFormat !== (options.objectFormat ?? objectFormat))
    throw new GitError('ALREADY_PRESENT', `Cannot create a repository at ${path}: one of ${objectFormat} is there`);
  const config = new ConfigFile(disk, joinPath(path, 'config'), LOCK_TIMEOUT_MS);
  await config.update((document) => writeSettings(document, objectFormat, options.bare ?? true));
  if (isNew) await writeFile(disk, path, 'HEAD', new TextEncoder().encode(`ref: ${branch}\n`));
  await disk.syncDirectory(path);
  return isNew;
}

/** What git writes into the config of a new repository, in its order. */
function writeSettings(config: ConfigDocument, objectFormat: HashName, bare: boolean): void {
  const { name } = hashAlgorithm(objectFormat);
  config.set('core.repositoryformatversion', name === 'sha1' ? '0' : '1');
  if (name !== 'sha1') config.set('extensions.objectformat', name);
  config.set('core.filemode', 'true');
  config.set('core.bare', String(bare));
  if (!bare && config.config.get('core', 'logallrefupdates') === undefined) config.set('core.logallrefupdates', 'true');
}

async function writeFile(disk: Disk, directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.createTemporary(directory, `${name}.tmp`);
  try {
    await file.write(bytes, 0);
    await file.sync();
    await file.close();
    await disk.rename(file.path, joinPath(directory, name));
  } catch (error) {
    await disk.abandon(file);
    throw error;
  }
}
