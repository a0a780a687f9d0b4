// Every case, in the order of the report. A new one is a file in this folder and a line here.
import clone from './clone.mjs';
import cloneShallow from './clone-shallow.mjs';
import indexPack from './index-pack.mjs';
import inflate from './inflate.mjs';
import kvCommits from './kv-commits.mjs';
import readAll from './read-all.mjs';
import readRandom from './read-random.mjs';
import sha1 from './sha1.mjs';
import walk from './walk.mjs';
import writePack from './write-pack.mjs';

/** @import { BenchCase } from '../lib/contender.mjs' */

/** @type {readonly BenchCase[]} */
export const allCases = [
  indexPack,
  readAll,
  readRandom,
  walk,
  clone,
  cloneShallow,
  writePack,
  kvCommits,
  sha1,
  inflate,
];
