import { type HashAlgorithm, isSafeRefName, MalformedError } from '@git-kv/objects';
import type { RefName, RefValue } from '../../ref-store.js';
import type { Disk } from './disk.js';
import { type DirectoryEntry, fsCode } from './fs.js';
import type { RepositoryLayout } from './layout.js';
import { PackedRefs, parsePackedRefs } from './packed-refs.js';
import { joinPath, parentPath } from './path.js';

/** Refs that each linked work tree has for itself. */
const WORK_TREE_PREFIXES: readonly string[] = ['refs/bisect/', 'refs/worktree/', 'refs/rewritten/'];

/** Reads at a time when many loose refs are read. */
const READ_CONCURRENCY = 16;

/** The files that hold refs: loose ones, one a file, and packed-refs. Reads only; takes no locks. */
export class RefFiles {
  readonly disk: Disk;
  readonly layout: RepositoryLayout;
  readonly algorithm: HashAlgorithm;
  /** Directories whose own names are known to be durable. */
  readonly #settled = new Set<string>();
  #packed: { readonly version: string; readonly refs: PackedRefs } | undefined;

  constructor(disk: Disk, layout: RepositoryLayout) {
    this.disk = disk;
    this.layout = layout;
    this.algorithm = layout.algorithm;
  }

  get packedPath(): string {
    return joinPath(this.layout.commonDirectory, 'packed-refs');
  }

  /** Git directory of this linked work tree, from the common directory where it lies in it; empty for the main one. */
  get workTree(): string {
    const { gitDirectory, commonDirectory } = this.layout;
    if (gitDirectory === commonDirectory) return '';
    return gitDirectory.startsWith(`${commonDirectory}/`)
      ? gitDirectory.slice(commonDirectory.length + 1)
      : gitDirectory;
  }

  /** The same refs as seen from another work tree, named as by {@link workTree}. */
  ofWorkTree(workTree: string): RefFiles {
    if (workTree === this.workTree) return this;
    const { commonDirectory } = this.layout;
    const gitDirectory = workTree === '' ? commonDirectory : joinPath(commonDirectory, workTree);
    return new RefFiles(this.disk, { ...this.layout, gitDirectory });
  }

  /** Where the ref lies when it is loose. The name must have been checked. */
  path(name: RefName): string {
    return joinPath(this.#root(name), name);
  }

  /** Where the ref's log lies. */
  logPath(name: RefName): string {
    return joinPath(joinPath(this.#root(name), 'logs'), name);
  }

  /** The value now: the loose one, or else the packed one. */
  async read(name: RefName): Promise<RefValue | undefined> {
    // Packing writes packed-refs before it removes the loose file, so looking in this order never finds a gap.
    return (await this.readLoose(name)) ?? (await this.readPackedValue(name));
  }

  /** The value in packed-refs, which counts where there is no loose one. */
  async readPackedValue(name: RefName): Promise<RefValue | undefined> {
    if (!name.startsWith('refs/')) return undefined;
    const packed = (await this.readPacked()).find(name);
    return packed && { oid: packed.oid };
  }

  async readLoose(name: RefName): Promise<RefValue | undefined> {
    let bytes: Uint8Array;
    try {
      bytes = await this.disk.readFile(this.path(name));
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'].includes(fsCode(error) ?? '')) return undefined;
      throw error;
    }
    return parseRefFile(name, bytes, this.algorithm);
  }

  /** packed-refs as it is now; parsed again only when the file was replaced. */
  async readPacked(): Promise<PackedRefs> {
    for (;;) {
      const stat = await this.disk.findStat(this.packedPath);
      if (stat === undefined) return PackedRefs.empty;
      if (this.#packed?.version === stat.version) return this.#packed.refs;
      const bytes = await this.disk.findFile(this.packedPath);
      // Replaced between the two looks: the version would not belong to the bytes.
      if (bytes === undefined || (await this.disk.findStat(this.packedPath))?.version !== stat.version) continue;
      this.#packed = { version: stat.version, refs: parsePackedRefs(bytes, this.algorithm) };
      return this.#packed.refs;
    }
  }

  /** Loose refs whose name begins with `prefix`. A ref that went away meanwhile may be missing: it is packed now, or deleted. */
  async listLoose(prefix: string): Promise<Map<RefName, RefValue>> {
    const directory = prefix.slice(0, prefix.lastIndexOf('/') + 1) || 'refs/';
    const names: RefName[] = [];
    if (directory.startsWith('refs/') && isSafeRefName(`${directory}x`)) {
      const roots = new Set([this.layout.commonDirectory, this.layout.gitDirectory]);
      for (const root of roots) await this.#collect(root, directory, prefix, names);
    }
    const values = new Map<RefName, RefValue>();
    for (let start = 0; start < names.length; start += READ_CONCURRENCY) {
      const batch = names.slice(start, start + READ_CONCURRENCY);
      const read = await Promise.all(batch.map((name) => this.readLoose(name)));
      for (const [at, value] of read.entries()) if (value !== undefined) values.set(batch[at] as RefName, value);
    }
    return values;
  }

  async #collect(root: string, directory: string, prefix: string, names: RefName[]): Promise<void> {
    const entries: DirectoryEntry[] = await this.disk.findEntries(joinPath(root, directory.slice(0, -1)));
    for (const entry of entries) {
      const name = directory + entry.name;
      if (entry.kind === 'directory') {
        const below = `${name}/`;
        if (below.startsWith(prefix) || prefix.startsWith(below)) await this.#collect(root, below, prefix, names);
        // Lock files and what else has no ref's name are no refs, as for git.
      } else if (name.startsWith(prefix) && isSafeRefName(name) && this.#root(name) === root) {
        names.push(name);
      }
    }
  }

  /**
   * Make what was done in directories of refs durable. With them those above, once: another process may have made one of them and
   * died before that was durable.
   */
  async syncDirectories(directories: Iterable<string>): Promise<void> {
    const { gitDirectory, commonDirectory } = this.layout;
    const named = new Set<string>();
    const all = new Set<string>();
    for (const directory of directories) {
      all.add(directory);
      for (let at = directory; at !== gitDirectory && at !== commonDirectory; at = parentPath(at)) {
        if (this.#settled.has(at) || parentPath(at) === at) break;
        named.add(at);
        all.add(parentPath(at));
      }
    }
    for (const directory of all) await this.disk.syncDirectory(directory);
    for (const directory of named) this.#settled.add(directory);
  }

  /** Remove the directories above `path`, where the ref or log `name` lay, that are empty now; `refs/heads` and its like stay. */
  async removeEmptyParents(path: string, name: RefName): Promise<void> {
    let directory = parentPath(path);
    for (let depth = name.split('/').length; depth > 3; depth--) {
      this.#settled.delete(directory);
      try {
        await this.disk.rmdir(directory);
      } catch (error) {
        // In use, or gone already: somebody else's now.
        if (['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(fsCode(error) ?? '')) return;
        throw error;
      }
      directory = parentPath(directory);
    }
  }

  #root(name: RefName): string {
    const { gitDirectory, commonDirectory } = this.layout;
    return isWorkTreeRef(name) ? gitDirectory : commonDirectory;
  }
}

/** Whether each work tree has a ref of this name for itself. */
export function isWorkTreeRef(name: RefName): boolean {
  return !name.startsWith('refs/') || WORK_TREE_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/**
 * Parse a loose ref.
 *
 *     file   = oid *WS / "ref:" *WS name *WS
 *
 * @throws {MalformedError} for anything else: an empty file is what a power loss leaves, and no absence
 */
export function parseRefFile(name: RefName, bytes: Uint8Array, algorithm: HashAlgorithm): RefValue {
  const text = new TextDecoder().decode(bytes);
  if (text.startsWith('ref:')) {
    const target = text.slice('ref:'.length).trim();
    if (!isSafeRefName(target)) throw new MalformedError('ref', 4, `${name} points to no valid ref name`);
    return { target };
  }
  const oid = text.slice(0, algorithm.hexLength).toLowerCase();
  const rest = text.slice(algorithm.hexLength);
  if (oid.length !== algorithm.hexLength || !/^[0-9a-f]+$/.test(oid) || !/^(?:\s|$)/.test(rest)) {
    throw new MalformedError('ref', 0, `${name} holds neither an object id of ${algorithm.name} nor a ref`);
  }
  return { oid };
}

/** The content of a loose ref, as git writes it. */
export function serializeRefFile(value: RefValue): Uint8Array {
  return new TextEncoder().encode('oid' in value ? `${value.oid}\n` : `ref: ${value.target}\n`);
}
