import type { HashAlgorithm } from '@git-kv/objects';

/** Named in errors. */
export const COMMIT_GRAPH_FORMAT = 'commit-graph';

/** "CGPH" */
export const COMMIT_GRAPH_SIGNATURE = 0x43475048;
export const COMMIT_GRAPH_HEADER_SIZE = 8;

/** How the header names the hash of a repository. */
export const COMMIT_GRAPH_HASH_VERSIONS: Readonly<Record<HashAlgorithm['name'], number>> = { sha1: 1, sha256: 2 };

/** In a row of CDAT in place of a parent that is not there. */
export const NO_PARENT = 0x70000000;

/** In a row of CDAT: the second and all further parents stand in EDGE from here on. In GDA2: the offset stands in GDO2. */
export const ELSEWHERE_FLAG = 0x80000000;

/** In EDGE: the last parent of its commit. */
export const LAST_EDGE_FLAG = 0x80000000;

/** The highest topological level: 30 bits stand for it. */
export const MAX_LEVEL = 0x3fffffff;

/** The largest difference of corrected and committer date that fits into GDA2. */
export const MAX_DATE_OFFSET = 0x7fffffff;

/** Bytes of BDAT before the filters: hash version, number of hashes, bits per path. */
export const FILTERS_HEADER_SIZE = 12;
