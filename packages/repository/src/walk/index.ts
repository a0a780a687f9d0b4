/**
 * Walks over history and what it holds, an entry of its own: who only walks need not load fetch, push and serve.
 *
 * @module
 */
export { type AheadBehind, countAheadBehind } from './ahead-behind.js';
export type { CommitSource } from './commit-source.js';
export { CommitTable, type CommitTableOptions } from './commit-table.js';
export { type CommitWalkOptions, commitsFrom, isAncestor, type WalkedCommit } from './commits.js';
export { type ConnectivityOptions, type ConnectivityOutcome, checkConnectivity } from './connectivity.js';
export { type ListingFilter, listingFilter } from './listing-filter.js';
export { commonAncestors, independentCommits, mergeBases, octopusMergeBases } from './merge-bases.js';
export { type ListedObject, ObjectListing, type ObjectListingOptions } from './object-listing.js';
export {
  type ObjectsBetweenOptions,
  objectBatchesBetween,
  objectsBetween,
  reachableOids,
} from './objects-between.js';
export { type Pathspec, parsePathspec } from './pathspec.js';
export { type ReachedOptions, reachedCommits, reachedObjects } from './reached.js';
export type { RevisionOrder, RevisionWalkOptions } from './revision-options.js';
export { findRevisionTips, type RevisionTip, type SortedTips, sortTips } from './revision-range.js';
export { RevisionWalk } from './revision-walk.js';
export { type ShallowBoundary, type ShallowLimits, shallowBoundary, shallowBoundaryWithin } from './shallow.js';
export type { WalkedObject } from './walked-object.js';
