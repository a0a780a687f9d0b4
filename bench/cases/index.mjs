// Every case, in the order of the report. A new one is a file in this folder and a line here.
import clone from './clone.mjs';
import cloneShallow from './clone-shallow.mjs';
import crc32 from './crc32.mjs';
import deflate from './deflate.mjs';
import deltaApply from './delta-apply.mjs';
import deltaCreate from './delta-create.mjs';
import fetchIncremental from './fetch-incremental.mjs';
import gc from './gc.mjs';
import indexPack from './index-pack.mjs';
import inflate from './inflate.mjs';
import kvCommits from './kv-commits.mjs';
import kvStore from './kv-store.mjs';
import logPath from './log-path.mjs';
import lsRemote100kRefs from './ls-remote-100k-refs.mjs';
import mergeBase from './merge-base.mjs';
import mergeTrees from './merge-trees.mjs';
import open from './open.mjs';
import packDeltas from './pack-deltas.mjs';
import partialGet from './partial-get.mjs';
import pushSmall from './push-small.mjs';
import readAll from './read-all.mjs';
import readRandom from './read-random.mjs';
import refTransactions from './ref-transactions.mjs';
import serveConcurrent from './serve-concurrent.mjs';
import sha1 from './sha1.mjs';
import sha1Detect from './sha1-detect.mjs';
import sha256 from './sha256.mjs';
import smallBlobs from './small-blobs.mjs';
import walk from './walk.mjs';
import walkGraph from './walk-graph.mjs';
import writePack from './write-pack.mjs';

/** @import { BenchCase } from '../lib/contender.mjs' */

/** The rows of the goals. */
const repositoryCases = [
  indexPack,
  readAll,
  readRandom,
  walk,
  walkGraph,
  clone,
  cloneShallow,
  packDeltas,
  smallBlobs,
  kvCommits,
];

const kernelCases = [inflate, deflate, deltaApply, deltaCreate, sha1, sha1Detect, sha256, crc32];

/** @type {readonly BenchCase[]} */
export const allCases = [
  ...open,
  ...refTransactions,
  ...repositoryCases,
  ...kvStore,
  partialGet,
  logPath,
  mergeBase,
  mergeTrees,
  writePack,
  gc,
  pushSmall,
  fetchIncremental,
  serveConcurrent,
  lsRemote100kRefs,
  ...kernelCases,
];

/** Names that stand for several cases. @type {Readonly<Record<string, readonly BenchCase[]>>} */
export const caseGroups = {
  goals: [...repositoryCases, ...kvStore],
  kernels: kernelCases,
  kv: [kvCommits, ...kvStore],
  open,
  'ref-transactions': refTransactions,
};
