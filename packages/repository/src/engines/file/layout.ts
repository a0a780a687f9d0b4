import { GitError, type HashAlgorithm, hashAlgorithm, NotFoundError, sha1 } from '@git-kv/objects';
import { type Config, parseConfig } from '../../config/config.js';
import type { Disk } from './disk.js';
import { joinPath, parentPath } from './path.js';

/** Where the parts of one repository lie, and what its config says about them. */
export interface RepositoryLayout {
  /** HEAD and what belongs to one work tree. */
  readonly gitDirectory: string;
  /** What all work trees share: objects, refs, config. The same as `gitDirectory` in a repository without linked work trees. */
  readonly commonDirectory: string;
  readonly objectsDirectory: string;
  readonly algorithm: HashAlgorithm;
  readonly config: Config;
  readonly isBare: boolean;
}

/** Extensions of format version 1 that this engine keeps, or that do not concern it. */
const KNOWN_EXTENSIONS: ReadonlySet<string> = new Set([
  'noop',
  'noop-v1',
  'objectformat',
  'partialclone',
  'preciousobjects',
  'refstorage',
  'relativeworktrees',
  'worktreeconfig',
]);

/**
 * Find the repository at `path`: a bare one, a work tree with `.git` (a directory, or a file that names one), or a `.git`
 * itself. Parents of `path` are not searched.
 * @throws {NotFoundError} NOT_A_REPOSITORY
 * @throws {GitError} UNSUPPORTED for a format or extension this engine does not know
 */
export async function findLayout(disk: Disk, path: string): Promise<RepositoryLayout> {
  const gitDirectory = (await gitDirectoryAt(disk, path)) ?? (await gitDirectoryAt(disk, joinPath(path, '.git')));
  if (gitDirectory === undefined) {
    throw new NotFoundError('NOT_A_REPOSITORY', path, `Cannot open ${path}: it is no git repository`);
  }
  const commonDirectory = await findCommonDirectory(disk, gitDirectory);
  const configBytes = await disk.findFile(joinPath(commonDirectory, 'config'));
  const config = parseConfig(configBytes ?? '');
  return {
    gitDirectory,
    commonDirectory,
    objectsDirectory: joinPath(commonDirectory, 'objects'),
    algorithm: readFormat(config, gitDirectory),
    config,
    isBare: config.getBoolean('core', 'bare') ?? !gitDirectory.endsWith('/.git'),
  };
}

/** `path` itself where it is a git directory, or the one that a gitfile at `path` names. */
async function gitDirectoryAt(disk: Disk, path: string): Promise<string | undefined> {
  const stat = await disk.findStat(path);
  if (stat?.kind === 'directory') return (await isGitDirectory(disk, path)) ? path : undefined;
  if (stat?.kind !== 'file' || stat.size > MAX_GITFILE_BYTES) return undefined;
  const link = /^gitdir: (.+?)[\r\n]*$/.exec(await readText(disk, path))?.[1];
  if (link === undefined) return undefined;
  const target = joinPath(parentPath(path), link);
  return (await isGitDirectory(disk, target)) ? target : undefined;
}

const MAX_GITFILE_BYTES = 1 << 20;

async function isGitDirectory(disk: Disk, path: string): Promise<boolean> {
  const head = await disk.findStat(joinPath(path, 'HEAD'));
  if (head?.kind !== 'file') return false;
  const common = await findCommonDirectory(disk, path);
  const refs = await disk.findStat(joinPath(common, 'refs'));
  const objects = await disk.findStat(joinPath(common, 'objects'));
  return refs?.kind === 'directory' && objects?.kind === 'directory';
}

/** A linked work tree's git directory names the shared one in its file `commondir`. */
async function findCommonDirectory(disk: Disk, gitDirectory: string): Promise<string> {
  const bytes = await disk.findFile(joinPath(gitDirectory, 'commondir'));
  if (bytes === undefined) return gitDirectory;
  return joinPath(gitDirectory, new TextDecoder().decode(bytes).trimEnd());
}

function readFormat(config: Config, path: string): HashAlgorithm {
  const version = config.get('core', 'repositoryformatversion') ?? '0';
  const refuse = (reason: string): never => {
    throw new GitError('UNSUPPORTED', `Cannot open ${path}: ${reason}`);
  };
  if (version !== '0' && version !== '1')
    refuse(`its format version is ${JSON.stringify(version)}, and 0 and 1 are known`);
  const extensions = config.entries.filter((entry) => entry.section === 'extensions' && entry.subsection === undefined);
  if (version === '1') {
    for (const { name } of extensions) if (!KNOWN_EXTENSIONS.has(name)) refuse(`its extension ${name} is unknown`);
  }
  const refStorage = config.get('extensions', 'refstorage');
  if (refStorage !== undefined && refStorage !== 'files')
    refuse(`its refs are stored as ${refStorage}, and files are known`);
  const format = config.get('extensions', 'objectformat');
  if (format === undefined) return sha1;
  if (version === '0') refuse('it has extensions.objectFormat, which needs format version 1');
  return hashAlgorithm(format.toLowerCase());
}

async function readText(disk: Disk, path: string): Promise<string> {
  return new TextDecoder().decode(await disk.readFile(path));
}
