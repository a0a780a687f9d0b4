import {
  commitMessageText,
  decodeUtf8,
  type HashAlgorithm,
  isTreeMode,
  NotFoundError,
  type Oid,
  parseCommit,
  parseTree,
} from '@git-kv/objects';
import { peelTo, type Repository, readTreePath, resolveRevision } from '@git-kv/repository';
import { parsePathspec, type RevisionOrder, RevisionWalk } from '@git-kv/repository/walk';
import { isValueMode } from '../changes.js';
import { keyNotFound } from '../edit-errors.js';
import { dictionaryExpected, valueExpected } from '../errors.js';
import { Key } from '../key.js';

/** Which commits are listed. */
export interface LogOptions {
  /** Only commits that changed this file, or something in this directory, as `git log -- PATH` has it. */
  readonly path?: string;
  /** Only commits that this accepts. */
  readonly filter?: (oid: Oid) => boolean | Promise<boolean>;
  /** Where to begin: any revision of git's. Default `HEAD`, the newest commit here. */
  readonly from?: string;
  /** How many at most. */
  readonly limit?: number;
  /** Default `date`: newest first. `topological-date` (git's --date-order) lists no commit before all of its children. */
  readonly order?: RevisionOrder;
  /** Committer dates in seconds since 1970, both included. */
  readonly since?: number;
  readonly until?: number;
  readonly isFirstParentOnly?: boolean;
  readonly signal?: AbortSignal;
}

/** Past commits of a branch. @internal */
export class History {
  readonly #repository: Repository;
  readonly #headOid: () => Oid | undefined;
  readonly #complete: () => Promise<void>;

  /** @param complete brings the history that is not here yet */
  constructor(repository: Repository, headOid: () => Oid | undefined, complete: () => Promise<void>) {
    this.#repository = repository;
    this.#headOid = headOid;
    this.#complete = complete;
  }

  /** @throws {NotFoundError} OBJECT_NOT_FOUND */
  async log(options: LogOptions): Promise<Oid[]> {
    const { path, filter, from = 'HEAD', limit = Number.POSITIVE_INFINITY, order, signal } = options;
    await this.#complete();
    if (this.#headOid() === undefined && isHead(from)) return [];
    const { since, until, isFirstParentOnly } = options;
    const walk = await RevisionWalk.open(this.#repository.objects, {
      include: [await this.resolve(from)],
      shallow: await this.#repository.shallow.read(),
      ...(path !== undefined && { paths: [parsePathspec(`:(literal)${Key.of(path).toString().slice(1)}`)] }),
      ...(order !== undefined && { order }),
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
      ...(isFirstParentOnly !== undefined && { isFirstParentOnly }),
      ...(signal !== undefined && { signal }),
    });
    const oids: Oid[] = [];
    try {
      while (oids.length < limit) {
        const rows = await walk.next(filter === undefined ? Math.min(limit - oids.length, BATCH) : BATCH);
        if (rows.length === 0) break;
        for (const row of rows) {
          const oid = walk.table.oidAt(row);
          if (oids.length < limit && (filter === undefined || (await filter(oid)))) oids.push(oid);
        }
      }
    } finally {
      await walk.close();
    }
    return oids;
  }

  /** @throws {NotFoundError} OBJECT_NOT_FOUND */
  async message(revision: string): Promise<string> {
    return commitMessageText(parseCommit(await this.#body(await this.resolve(revision), 'commit')));
  }

  /** @throws {KvError} KEY_NOT_FOUND, VALUE_EXPECTED; {NotFoundError} OBJECT_NOT_FOUND */
  async show(key: Key, revision: string): Promise<Uint8Array> {
    const found = await readTreePath(this.#repository.objects, await this.#treeOf(revision), key.segments);
    if (found === undefined) throw keyNotFound(key);
    if (!isValueMode(found.mode)) throw valueExpected(key);
    return (await this.#body(found.oid, 'blob')).slice();
  }

  /** @throws {KvError} KEY_NOT_FOUND, DICTIONARY_EXPECTED; {NotFoundError} OBJECT_NOT_FOUND */
  async list(key: Key, revision: string): Promise<string[]> {
    const { objects } = this.#repository;
    const found = await readTreePath(objects, await this.#treeOf(revision), key.segments);
    if (found === undefined) throw keyNotFound(key);
    if (!isTreeMode(found.mode)) throw dictionaryExpected(key);
    return treeNames(await this.#body(found.oid, 'tree'), objects.algorithm);
  }

  /** The commit that `revision` names. @throws {NotFoundError} OBJECT_NOT_FOUND */
  async resolve(revision: string): Promise<Oid> {
    const head = this.#headOid();
    if (isHead(revision)) {
      if (head !== undefined) return head;
      throw new NotFoundError('OBJECT_NOT_FOUND', revision, `Cannot resolve ${revision}: there is no commit yet`);
    }
    await this.#complete();
    // HEAD of a caller's repository may name another branch, and does not know commits that are not pushed.
    const own = head === undefined ? revision : revision.replace(/^(?:HEAD|@)(?=[~^])/, head);
    const oid = await peelTo(this.#repository, await resolveRevision(this.#repository, own), 'commit');
    if (oid !== undefined) return oid;
    throw new NotFoundError('OBJECT_NOT_FOUND', revision, `Cannot resolve ${revision}: it is no commit`);
  }

  async #treeOf(revision: string): Promise<Oid> {
    return parseCommit(await this.#body(await this.resolve(revision), 'commit')).treeOid;
  }

  async #body(oid: Oid, kind: string): Promise<Uint8Array> {
    const object = await this.#repository.objects.read(oid);
    if (object?.kind === kind) return object.body;
    const problem = object === undefined ? 'it is missing' : `it is a ${object.kind}`;
    throw new NotFoundError('OBJECT_NOT_FOUND', oid, `Cannot read ${kind} ${oid}: ${problem}`);
  }
}

const BATCH = 256;

function isHead(revision: string): boolean {
  return revision === 'HEAD' || revision === '@';
}

/** Names of files and directories. */
export function treeNames(body: Uint8Array, algorithm: HashAlgorithm): string[] {
  return parseTree(body, algorithm.oidLength).map(({ name }) => decodeUtf8(name));
}
