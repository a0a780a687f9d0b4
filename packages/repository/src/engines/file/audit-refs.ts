import { isGitError, isSafeRefName, type Oid } from '@git-kv/objects';
import type { AuditedPointer, RefName, RefValue } from '../../ref-store.js';
import { parseIndexObjects } from './index-file.js';
import { auditJournal } from './journal/audit.js';
import { PackedRefs } from './packed-refs.js';
import { joinPath } from './path.js';
import { parseRefFile, type RefFiles } from './ref-files.js';
import { compareRefNames } from './ref-order.js';

/** git's own bound on symbolic refs that point to symbolic refs. */
const MAX_SYMBOLIC_DEPTH = 5;

/** Everything of a repository in files that points to objects: refs, HEADs, logs and indexes, broken ones too. */
export async function* auditPointers(
  files: RefFiles,
  options: { readonly logs?: boolean } = {},
): AsyncGenerator<AuditedPointer> {
  yield* new PointerAudit(files, options.logs !== false).run();
}

class PointerAudit {
  readonly #files: RefFiles;
  readonly #withLogs: boolean;
  #packed: PackedRefs = PackedRefs.empty;
  /** Refs that had a file of their own when the directories were listed. */
  readonly #loose = new Set<RefName>();

  constructor(files: RefFiles, withLogs: boolean) {
    this.#files = files;
    this.#withLogs = withLogs;
  }

  async *run(): AsyncGenerator<AuditedPointer> {
    const { commonDirectory, gitDirectory } = this.#files.layout;
    for (const root of new Set([commonDirectory, gitDirectory])) {
      for (const name of await this.#filesBelow(root, 'refs')) this.#loose.add(name);
    }
    // After the files: a ref that is packed meanwhile is in one of the two at least.
    try {
      this.#packed = await this.#files.readPacked();
    } catch (error) {
      if (!isGitError(error, 'MALFORMED')) throw error;
      yield { type: 'ref', name: 'packed-refs', oid: undefined, problem: error.message };
    }
    yield* this.#refs();
    yield* this.#workTree(gitDirectory, '');
    const others = await this.#files.disk.findEntries(joinPath(commonDirectory, 'worktrees'));
    for (const { name } of others) {
      const directory = joinPath(commonDirectory, `worktrees/${name}`);
      if (directory !== gitDirectory) yield* this.#workTree(directory, `worktrees/${name}/`);
    }
    if (gitDirectory !== commonDirectory) yield* this.#workTree(commonDirectory, 'main-worktree/');
    if (this.#withLogs) yield* this.#logs(commonDirectory, 'refs');
    for await (const { path, problem } of auditJournal(this.#files.disk, commonDirectory, this.#files.algorithm)) {
      yield { type: 'brokenJournal', name: path, problem };
    }
  }

  async *#refs(): AsyncGenerator<AuditedPointer> {
    const names = new Set<RefName>(this.#loose);
    for (const { name } of this.#packed.entries) names.add(name);
    for (const name of [...names].sort(compareRefNames)) {
      if (!isSafeRefName(name)) {
        yield { type: 'ref', name, oid: undefined, problem: 'its name is no name of a ref' };
        continue;
      }
      const found = await this.#follow(name);
      // Deleted since it was listed.
      if (found === undefined) continue;
      const packed = this.#packed.find(name);
      const peeledOid = packed?.oid === found.oid ? packed?.peeledOid : undefined;
      yield { type: 'ref', name, ...found, ...(peeledOid !== undefined && { peeledOid }) };
    }
  }

  /** The object that a ref leads to in the end. @returns `undefined` where there is no such ref */
  async #follow(name: RefName): Promise<{ oid: Oid | undefined; problem?: string } | undefined> {
    let at = name;
    for (let depth = 0; depth <= MAX_SYMBOLIC_DEPTH; depth++) {
      let value: RefValue | undefined;
      try {
        value = await this.#read(at);
      } catch (error) {
        if (!isGitError(error)) throw error;
        return { oid: undefined, problem: error.message };
      }
      if (value === undefined && at === name) return undefined;
      if (value === undefined) return { oid: undefined, problem: `it points to ${at}, which is not there` };
      if ('oid' in value) return { oid: value.oid === this.#files.algorithm.zeroOid ? undefined : value.oid };
      at = value.target;
    }
    return { oid: undefined, problem: 'it is a chain of too many symbolic refs' };
  }

  async #read(name: RefName): Promise<RefValue | undefined> {
    const loose = await this.#files.readLoose(name);
    if (loose !== undefined) return loose;
    // Its file has gone since: into packed-refs, which is to be read anew, or for good.
    const packed = (this.#loose.has(name) ? await this.#readPacked() : this.#packed).find(name);
    return packed && { oid: packed.oid };
  }

  async #readPacked(): Promise<PackedRefs> {
    try {
      return await this.#files.readPacked();
    } catch (error) {
      // Told at the beginning.
      if (isGitError(error, 'MALFORMED')) return this.#packed;
      throw error;
    }
  }

  /** HEAD, its log and the index of a work tree whose git directory is `directory`. */
  async *#workTree(directory: string, prefix: string): AsyncGenerator<AuditedPointer> {
    const head = await this.#files.disk.findFile(joinPath(directory, 'HEAD'));
    if (head !== undefined) yield await this.#head(`${prefix}HEAD`, head);
    if (this.#withLogs) yield* this.#log(joinPath(directory, 'logs/HEAD'), `${prefix}HEAD`);
    const index = await this.#files.disk.findFile(joinPath(directory, 'index'));
    if (index === undefined) return;
    try {
      for (const object of parseIndexObjects(index, this.#files.algorithm)) yield { type: 'index', ...object };
    } catch (error) {
      if (!isGitError(error)) throw error;
      yield { type: 'brokenIndex', name: `${prefix}index`, problem: error.message };
    }
  }

  async #head(name: string, bytes: Uint8Array): Promise<AuditedPointer> {
    try {
      const value = parseRefFile('HEAD', bytes, this.#files.algorithm);
      if ('oid' in value) {
        return { type: 'head', name, value, oid: value.oid === this.#files.algorithm.zeroOid ? undefined : value.oid };
      }
      const found = await this.#follow(value.target);
      return {
        type: 'head',
        name,
        value,
        ...(found ?? { oid: undefined, problem: `it points to ${value.target}, which is not there` }),
      };
    } catch (error) {
      if (!isGitError(error)) throw error;
      return { type: 'head', name, value: undefined, oid: undefined, problem: error.message };
    }
  }

  /** The logs of the refs that are there. */
  async *#logs(root: string, directory: string): AsyncGenerator<AuditedPointer> {
    const logs = joinPath(root, 'logs');
    for (const name of await this.#filesBelow(logs, directory)) {
      if (!isSafeRefName(name)) continue;
      const value = await this.#read(name).catch((error: unknown) => {
        if (!isGitError(error)) throw error;
        return undefined;
      });
      if (value !== undefined) yield* this.#log(joinPath(logs, name), name);
    }
  }

  async *#log(path: string, name: RefName): AsyncGenerator<AuditedPointer> {
    const bytes = await this.#files.disk.findFile(path);
    if (bytes === undefined) return;
    const { hexLength, zeroOid } = this.#files.algorithm;
    // As git reads them: a line that is no line of a log is passed over.
    const line = new RegExp(
      `^([0-9a-f]{${hexLength}}) ([0-9a-f]{${hexLength}}) [^>]*> (\\d+) [-+]\\d{4}(?:\\t.*)?\\n`,
      'gm',
    );
    for (const [, oldOid = '', newOid = '', seconds] of new TextDecoder('latin1').decode(bytes).matchAll(line)) {
      const oids = [oldOid, newOid].filter((oid) => oid !== zeroOid);
      yield { type: 'log', name, oids, timestamp: Number(seconds) };
    }
  }

  /** Paths of the files below `root/directory`, from `root` on; lock files and hidden ones are not among them. */
  async #filesBelow(root: string, directory: string): Promise<string[]> {
    const names: string[] = [];
    for (const { name, kind } of await this.#files.disk.findEntries(joinPath(root, directory))) {
      if (name.startsWith('.') || name.endsWith('.lock')) continue;
      const path = `${directory}/${name}`;
      if (kind !== 'directory') names.push(path);
      else for (const below of await this.#filesBelow(root, path)) names.push(below);
    }
    return names.sort();
  }
}
