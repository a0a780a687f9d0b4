import { canonicalMode, compareBytes, encodeUtf8, type Oid } from '@git-kv/objects';
import type { ObjectReader } from '@git-kv/repository';
import { CompatError, calling, wrongType } from './errors.js';
import { listTree, readPeeled, readRaw } from './objects.js';
import { headBranch, resolveName } from './refs.js';
import { type OpenedRepository, withRepository } from './repository.js';
import type { CompatTreeEntry, RepositoryArguments } from './types.js';

const OPEN: unique symbol = Symbol('walker');

/** What {@link TREE} gives, for `trees` of {@link walk}. */
export interface Walker {
  /** @internal */
  readonly [OPEN]: (opened: OpenedRepository) => Promise<TreeWalker>;
}

/** A file or directory that a walk meets. What it says is read when it is asked. */
export interface WalkerEntry {
  type(): Promise<'tree' | 'blob' | 'commit'>;
  mode(): Promise<number>;
  oid(): Promise<string>;
  /** Of a blob. */
  content(): Promise<Uint8Array | undefined>;
  /** Nothing: a commit knows no file times. */
  stat(): Promise<undefined>;
}

/** Called for each path, with an entry for each of the trees, `null` where it has none. `null` goes no deeper. */
export type WalkerMap<T> = (filename: string, entries: (WalkerEntry | null)[]) => Promise<T | null | undefined>;

/** Makes one value of what a directory and what is in it came to. */
export type WalkerReduce<T, R> = (parent: T | undefined, children: R[]) => Promise<R>;

/** Calls `walk` for each of the children. */
export type WalkerIterate<R> = (
  walk: (child: (string | null)[]) => Promise<R | undefined>,
  children: IterableIterator<(string | null)[]>,
) => Promise<(R | undefined)[]>;

/** What to walk over. */
export interface WalkArguments<T, R> extends RepositoryArguments {
  readonly trees: readonly Walker[];
  /** Default: the entries. */
  readonly map?: WalkerMap<T>;
  /** Default: a flat list of all that is not `undefined`. */
  readonly reduce?: WalkerReduce<T, R>;
  /** Default: all at once. */
  readonly iterate?: WalkerIterate<R>;
}

/** The tree of a commit. */
export function TREE({ ref = 'HEAD' }: { readonly ref?: string } = {}): Walker {
  return Object.freeze({ [OPEN]: (opened: OpenedRepository) => TreeWalker.open(opened, ref) });
}

/** Go through several trees side by side, in the order of names. */
export function walk<T = (WalkerEntry | null)[], R = T[]>(args: WalkArguments<T, R>): Promise<R> {
  return calling('git.walk', () =>
    withRepository(
      args,
      async (opened) => {
        const walkers = await Promise.all(args.trees.map((tree) => tree[OPEN](opened)));
        return (await new Walk<T, R>(walkers, args).visit(walkers.map(() => '.'))) as R;
      },
      { trees: args.trees },
    ),
  );
}

class Walk<T, R> {
  readonly #walkers: readonly TreeWalker[];
  readonly #map: WalkerMap<T>;
  readonly #reduce: WalkerReduce<T, R>;
  readonly #iterate: WalkerIterate<R>;

  constructor(walkers: readonly TreeWalker[], { map, reduce, iterate }: WalkArguments<T, R>) {
    this.#walkers = walkers;
    this.#map = map ?? (async (_, entries) => entries as T);
    this.#reduce = reduce ?? (flatten as WalkerReduce<T, R>);
    this.#iterate = iterate ?? ((visit, children) => Promise.all([...children].map(visit)));
  }

  visit = async (paths: (string | null)[]): Promise<R | undefined> => {
    const found = paths.map((path, at) => (path === null ? null : (this.#walkers[at] as TreeWalker).entry(path)));
    const names = await Promise.all(
      paths.map(async (path, at) => (path === null ? [] : await (this.#walkers[at] as TreeWalker).list(path))),
    );
    const parent = await this.#map(paths.find((path) => path !== null) as string, found);
    if (parent === null) return undefined;
    const children = await this.#iterate(this.visit, union(names));
    return await this.#reduce(
      parent,
      children.filter((child): child is Exclude<Awaited<R>, undefined> & R => child !== undefined),
    );
  };
}

async function flatten(parent: unknown, children: unknown[]): Promise<unknown> {
  const all = children.flat();
  if (parent !== undefined) all.unshift(parent);
  return all;
}

/** Sorted names of each list, side by side. */
function* union(lists: readonly (readonly string[])[]): Generator<(string | null)[], void, undefined> {
  const at = lists.map(() => 0);
  for (;;) {
    const heads = lists.map((list, index) => list[at[index] as number]);
    const least = heads.reduce((a, b) => (a === undefined || (b !== undefined && isBefore(b, a)) ? b : a), undefined);
    if (least === undefined) return;
    yield heads.map((head, index) => {
      if (head !== least) return null;
      at[index] = (at[index] as number) + 1;
      return head;
    });
  }
}

function isBefore(a: string, b: string): boolean {
  return compareBytes(encodeUtf8(a), encodeUtf8(b)) < 0;
}

/** One tree of a walk. */
class TreeWalker {
  readonly #objects: ObjectReader;
  /** What was met, by path. */
  readonly #entries = new Map<string, Pick<CompatTreeEntry, 'mode' | 'oid' | 'type'>>();

  private constructor(objects: ObjectReader, rootOid: Oid) {
    this.#objects = objects;
    this.#entries.set('.', { mode: '040000', oid: rootOid, type: 'tree' });
  }

  static async open({ repository: { objects, refs } }: OpenedRepository, ref: string): Promise<TreeWalker> {
    const oid = await resolveName(refs, ref).catch(async (error: unknown) => {
      // A branch without commits has nothing; another name that leads nowhere is a mistake.
      const isUnborn = error instanceof CompatError && error.code === 'NotFoundError' && ref === 'HEAD';
      if (isUnborn && (await headBranch(refs)) !== undefined) return objects.algorithm.emptyTreeOid;
      throw error;
    });
    return new TreeWalker(objects, (await readPeeled(objects, oid, 'tree')).oid);
  }

  async list(path: string): Promise<string[]> {
    const { oid, type } = this.#at(path);
    if (type !== 'tree') return [];
    const { algorithm } = this.#objects;
    if (oid === algorithm.emptyTreeOid) return [];
    const object = await readRaw(this.#objects, oid);
    if (object.kind !== 'tree') throw wrongType(oid, object.kind, 'tree');
    return listTree(object.body, algorithm).map((entry) => {
      const child = path === '.' ? entry.path : `${path}/${entry.path}`;
      this.#entries.set(child, entry);
      return child;
    });
  }

  entry(path: string): WalkerEntry {
    const { mode, oid, type } = this.#at(path);
    return {
      type: async () => type,
      mode: async () => canonicalMode(Number.parseInt(mode, 8)),
      oid: async () => oid,
      content: async () => (type === 'blob' ? (await readRaw(this.#objects, oid)).body.slice() : undefined),
      stat: async () => undefined,
    };
  }

  #at(path: string): Pick<CompatTreeEntry, 'mode' | 'oid' | 'type'> {
    return this.#entries.get(path) as Pick<CompatTreeEntry, 'mode' | 'oid' | 'type'>;
  }
}
