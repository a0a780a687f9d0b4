export { joinCommitGraph, parseCommitGraphChain } from './chain.js';
export type { CommitGraph } from './commit-graph.js';
export { type CommitLinksTable, computeGenerations, type Generations, parentsFirst } from './generations.js';
export { type CommitGraphFile, parseCommitGraphFile } from './parse.js';
export {
  fullPathFilter,
  MAX_FILTER_PATHS,
  makePathFilter,
  mayContainKey,
  mayContainPath,
  PATH_FILTER_SETTINGS,
  type PathFilterKey,
  type PathFilterSettings,
  pathFilterKey,
} from './path-filter.js';
export { type CommitGraphColumns, serializeCommitGraph } from './serialize.js';
