export { type CommitWalkOptions, commitsFrom, isAncestor, type WalkedCommit } from './commits.js';
export { type ConnectivityOptions, type ConnectivityOutcome, checkConnectivity } from './connectivity.js';
export {
  type ObjectsBetweenOptions,
  objectsBetween,
  reachableOids,
  type WalkedObject,
} from './objects-between.js';
export { type ShallowBoundary, shallowBoundary } from './shallow.js';
