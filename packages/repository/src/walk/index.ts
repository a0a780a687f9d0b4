export type { CommitSource } from './commit-source.js';
export { CommitTable, type CommitTableOptions } from './commit-table.js';
export { type CommitWalkOptions, commitsFrom, isAncestor, type WalkedCommit } from './commits.js';
export { type ConnectivityOptions, type ConnectivityOutcome, checkConnectivity } from './connectivity.js';
export { commonAncestors } from './merge-bases.js';
export { type ListedObject, ObjectListing } from './object-listing.js';
export {
  type ObjectsBetweenOptions,
  objectBatchesBetween,
  objectsBetween,
  reachableOids,
} from './objects-between.js';
export { type RevisionOrder, RevisionWalk, type RevisionWalkOptions } from './revision-walk.js';
export { type ShallowBoundary, shallowBoundary } from './shallow.js';
export type { WalkedObject } from './walked-object.js';
