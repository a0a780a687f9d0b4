import { GitError, isGitError, type MalformedError } from '@git-kv/objects';
import {
  type Capability,
  type FetchRequest,
  type ObjectFilter,
  type ObjectFilterKind,
  parseObjectFilter,
} from '@git-kv/protocol';

/**
 * What a fetch may ask for. Names are those of git's uploadpack.* and uploadpackfilter.* settings; all that costs a server little
 * is on where nothing is said, other than in git.
 */
export interface UploadRules {
  /** Object filters: partial clone (uploadpack.allowFilter). Default true. */
  readonly allowFilter?: boolean;
  /** Kinds of filter that are allowed or not (uploadpackfilter.KIND.allow). */
  readonly filters?: Readonly<Partial<Record<ObjectFilterKind, boolean>>>;
  /** Whether kinds of filter that `filters` does not name are allowed (uploadpackfilter.allow). Default true. */
  readonly allowOtherFilters?: boolean;
  /** The largest depth of a filter `tree:DEPTH` (uploadpackfilter.tree.maxDepth). Default: any. */
  readonly maxTreeDepth?: number;
  /** Refs wanted by their names (uploadpack.allowRefInWant). Default true. */
  readonly allowRefInWant?: boolean;
  /** Whole answers in a sideband (uploadpack.allowSidebandAll). Default false. */
  readonly allowSidebandAll?: boolean;
  /** A HEAD whose branch has no commit yet (lsrefs.unborn): announced, told only to those who ask, or never told. Default `advertise`. */
  readonly unborn?: 'advertise' | 'allow' | 'ignore';
  /** Sizes of objects without the objects (git: always). Default true. */
  readonly allowObjectInfo?: boolean;
  /**
   * Whether all that is here may be wanted by its id (uploadpack.allowAnySHA1InWant), be it out of reach of every ref that the
   * client may see. Default: where no refs are hidden and no objects are borrowed from other repositories.
   */
  readonly allowAnyWant?: boolean;
  /** Whether what hidden refs hold may be wanted by its id (uploadpack.allowTipSHA1InWant). Default false. */
  readonly allowTipWant?: boolean;
  /**
   * Whether what any ref reaches, hidden ones too, may be wanted by its id (uploadpack.allowReachableSHA1InWant). Where it is said,
   * be it false, clients of protocol v0 and v1 get nothing else than that and what refs hold, as from git; over requests, also what
   * refs that they see reach, as those may have moved meanwhile. Default: as `allowAnyWant` says.
   */
  readonly allowReachableWant?: boolean;
  /** Objects looked at to find out whether a want is reached; over it, the answer is no. Default 1,000,000. */
  readonly maxWantSearch?: number;
  /**
   * Bytes of a pack that clients without any history get out of memory where several ask for the same at once. Default 32 MiB, with
   * 64 MiB for all such packs together; 0 makes each its own.
   */
  readonly maxSharedPackBytes?: number;
  /** Told to clients, who may then tell theirs (transfer.advertiseSID). Default: nothing. */
  readonly sessionId?: string;
}

/** What upload-pack of protocol version 2 announces, in git's order, after `agent`. */
export function uploadCapabilities(algorithmName: string, rules: UploadRules): Capability[] {
  const features = ['shallow', 'wait-for-done'];
  if (rules.allowFilter !== false) features.push('filter');
  if (rules.allowRefInWant !== false) features.push('ref-in-want');
  if (rules.allowSidebandAll === true) features.push('sideband-all');
  const capabilities: Capability[] = [
    (rules.unborn ?? 'advertise') === 'advertise' ? { name: 'ls-refs', value: 'unborn' } : { name: 'ls-refs' },
    { name: 'fetch', value: features.join(' ') },
    { name: 'server-option' },
    { name: 'object-format', value: algorithmName },
  ];
  if (rules.sessionId !== undefined) capabilities.push({ name: 'session-id', value: rules.sessionId });
  if (rules.allowObjectInfo !== false) capabilities.push({ name: 'object-info' });
  return capabilities;
}

/** @throws {GitError} UNSUPPORTED for what the rules do not allow */
export function assertAllowed(request: FetchRequest, rules: UploadRules): void {
  const refused =
    (request.filter !== undefined && rules.allowFilter === false && 'filter') ||
    (request.wantRefs.length > 0 && rules.allowRefInWant === false && 'want-ref') ||
    (request.sidebandAll && rules.allowSidebandAll !== true && 'sideband-all');
  if (refused) throw new GitError('UNSUPPORTED', `Cannot fetch with ${refused}: this server does not support it`);
  if (request.filter !== undefined) assertFilterAllowed(filterOf(request.filter), rules);
}

/** The filter of a request. @throws {GitError} UNSUPPORTED for what is none */
export function filterOf(text: string): ObjectFilter {
  try {
    return parseObjectFilter(text);
  } catch (error) {
    if (!isGitError(error, 'MALFORMED')) throw error;
    throw new GitError('UNSUPPORTED', `Cannot fetch: ${(error as MalformedError).problem}`, { cause: error });
  }
}

function assertFilterAllowed(filter: ObjectFilter, rules: UploadRules): void {
  const isAllowed = rules.filters?.[filter.kind] ?? rules.allowOtherFilters ?? true;
  if (!isAllowed) throw new GitError('UNSUPPORTED', `filter '${filter.kind}' not supported`);
  if (filter.kind === 'tree' && filter.depth > (rules.maxTreeDepth ?? Number.POSITIVE_INFINITY)) {
    const problem = `tree filter allows max depth ${rules.maxTreeDepth}, but got ${filter.depth}`;
    throw new GitError('UNSUPPORTED', problem);
  }
  if (filter.kind === 'combine') for (const part of filter.filters) assertFilterAllowed(part, rules);
}
