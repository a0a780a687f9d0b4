export { type CommitWalkOptions, commitsFrom, isAncestor, type WalkedCommit } from './commits.js';
export { type ConnectivityOptions, type ConnectivityOutcome, checkConnectivity } from './connectivity.js';
export {
  type ObjectsBetweenOptions,
  objectBatchesBetween,
  objectsBetween,
  reachableOids,
} from './objects-between.js';
export { type ShallowBoundary, shallowBoundary } from './shallow.js';
export type { WalkedObject } from './walked-object.js';
