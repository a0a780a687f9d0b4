import { GitError, NotFoundError } from '@git-kv/objects';
import type {
  FetchAnswer,
  FetchOptions,
  LsRefsOptions,
  OpenBundle,
  RemoteRef,
  UploadPackClient,
} from '@git-kv/protocol';
import { verifyBundle } from '../bundle/index.js';
import type { Repository } from '../repository.js';

/**
 * A bundle as a remote to fetch from: its refs are listed, and its pack is what a fetch brings, whatever is wanted of it.
 * Nothing is negotiated, filtered or cut.
 * @param repository where it is fetched to: what the bundle builds on has to be here
 * @param open gives the bundle from its start, each time it is asked
 * @throws {MalformedError} what `open` throws
 */
export async function connectBundle(
  repository: Repository | undefined,
  open: () => Promise<OpenBundle>,
): Promise<UploadPackClient> {
  const { header, pack } = await open();
  await pack.return?.();
  return {
    version: 0,
    capabilities: [],
    algorithm: header.algorithm,
    async lsRefs({ prefixes = [] }: LsRefsOptions = {}): Promise<RemoteRef[]> {
      const refs = header.refs.map(({ name, oid }): RemoteRef => ({ name, oid }));
      return prefixes.length === 0
        ? refs
        : refs.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
    },
    async fetch({ wants, depth, deepenSince, deepenNot = [], filter }: FetchOptions): Promise<FetchAnswer> {
      if ([depth, deepenSince, filter].some((option) => option !== undefined) || deepenNot.length > 0)
        throw new GitError('UNSUPPORTED', 'Cannot fetch a part of a bundle: it holds one pack');
      if (wants.length === 0) return NOTHING;
      const known = new Set(header.refs.map(({ oid }) => oid));
      const unknown = wants.find((oid) => !known.has(oid));
      if (unknown !== undefined)
        throw new NotFoundError(
          'REMOTE_REF_NOT_FOUND',
          unknown,
          `Cannot fetch ${unknown}: no ref of the bundle has it`,
        );
      if (repository !== undefined) {
        const { missing } = await verifyBundle(repository, header);
        const [first] = missing;
        if (first !== undefined) {
          const message = `Cannot fetch from the bundle: it builds on ${first.oid}, which is not here`;
          throw new NotFoundError('OBJECT_NOT_FOUND', first.oid, message);
        }
      }
      return { ...NOTHING, pack: (await open()).pack };
    },
    async findCommon() {
      throw new GitError('UNSUPPORTED', 'Cannot ask a bundle what it has: it answers nothing');
    },
    async objectInfo() {
      throw new GitError('UNSUPPORTED', 'Cannot ask a bundle for the sizes of objects: it holds one pack');
    },
    close: async () => undefined,
  };
}

const NOTHING: FetchAnswer = { shallowOids: [], unshallowOids: [], commonOids: [], wantedRefs: [] };
