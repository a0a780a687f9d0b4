import { type Oid, parseCommitLinks, type RawObject } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { assertKind, missingObject } from '../read-object.js';

/** One commit of a walk. `flags` belong to the walk that owns the nodes. */
export interface CommitNode {
  readonly oid: Oid;
  readonly treeOid: Oid;
  readonly parentOids: readonly Oid[];
  /** Committer date in seconds. */
  readonly timestamp: number;
  flags: number;
}

/** The commits a walk has seen, each read and parsed once. Commits in `shallow` have no parents here. */
export class CommitNodes {
  private readonly nodes = new Map<Oid, CommitNode>();
  private readonly reader: ObjectReader;
  private readonly shallow: ReadonlySet<Oid> | undefined;
  private readonly options: ReadOptions;
  /** Where the store reads without waiting, a history is walked without a promise per commit's object. */
  private readonly readSync: ((oid: Oid) => RawObject | undefined) | undefined;

  constructor(reader: ObjectReader, shallow: ReadonlySet<Oid> | undefined, signal: AbortSignal | undefined) {
    this.reader = reader;
    this.shallow = shallow;
    this.options = signal ? { signal } : {};
    this.readSync = reader.readSync?.bind(reader);
  }

  /** A commit that was loaded before. */
  get(oid: Oid): CommitNode | undefined {
    return this.nodes.get(oid);
  }

  /** Take in a commit whose object is at hand. */
  add(oid: Oid, object: RawObject): CommitNode {
    const known = this.nodes.get(oid);
    if (known) return known;
    assertKind(oid, object, 'commit');
    const links = parseCommitLinks(object.body);
    const parentOids = this.shallow?.has(oid) ? [] : links.parentOids;
    const node = { oid, treeOid: links.treeOid, parentOids, timestamp: links.timestamp, flags: 0 };
    this.nodes.set(oid, node);
    return node;
  }

  /** The commit, or `undefined` where it is not in the store. */
  async find(oid: Oid): Promise<CommitNode | undefined> {
    const known = this.nodes.get(oid);
    if (known) return known;
    const object = this.readSync?.(oid) ?? (await this.reader.read(oid, this.options));
    return object && this.add(oid, object);
  }

  /** The commit. @throws {NotFoundError} OBJECT_NOT_FOUND */
  async load(oid: Oid): Promise<CommitNode> {
    const node = await this.find(oid);
    if (!node) throw missingObject(oid, 'commit');
    return node;
  }

  /** Make sure that all of `oids` that exist are loaded, in one call of the engine. */
  async prefetch(oids: Iterable<Oid>): Promise<void> {
    const unknown: Oid[] = [];
    for (const oid of oids) {
      if (this.nodes.has(oid)) continue;
      const object = this.readSync?.(oid);
      if (object) this.add(oid, object);
      else unknown.push(oid);
    }
    if (unknown.length === 0) return;
    if (unknown.length === 1) {
      await this.find(unknown[0] as Oid);
      return;
    }
    for await (const [oid, object] of this.reader.readMany(unknown, this.options)) {
      if (object) this.add(oid, object);
    }
  }
}
