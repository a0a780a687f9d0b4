// What rules for keys are written in, which both the store and the rules offer.
export type {
  KeyConflict,
  KeyMerge,
  KeyMergeOutcome,
  KeySides,
  MergeRule,
  MergeRules,
  SideModes,
  SideTimes,
} from './merge.js';
