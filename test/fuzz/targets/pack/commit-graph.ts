import { isGitError } from '@git-kv/objects';
import { joinCommitGraph, mayContainPath, parseCommitGraphFile } from '@git-kv/pack';
import { algorithmOfVariant } from '../../lib/formats.js';
import { repairTrailer } from '../../lib/repair.js';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const commitGraph: FuzzTarget = {
  name: 'commit-graph',
  about: 'commit-graphs: every commit answers or refuses, and no parent lies outside',
  dictionary: [
    'CGPH',
    'OIDF',
    'OIDL',
    'CDAT',
    'GDA2',
    'GDO2',
    'EDGE',
    'BIDX',
    'BDAT',
    'BASE',
    '\x70\0\0\0',
    '\x80\0\0\0',
  ],
  seeds: () => allSamples().map(({ format, commitGraph }) => ({ bytes: commitGraph, variant: format })),
  repair: repairTrailer,
  execute(bytes, variant) {
    const graph = joinCommitGraph([parseCommitGraphFile(bytes, algorithmOfVariant(variant))]);
    const parents = new Int32Array(4);
    const count = Math.min(graph.commitCount, 64);
    let refused: unknown;
    for (let position = 0; position < count; position++) {
      graph.findOid(graph.oidAt(position));
      ensure(graph.dateAt(position) >= 0, 'a date is negative');
      try {
        const parentCount = graph.parentsAt(position, parents);
        for (const parent of parents.subarray(0, Math.min(parentCount, parents.length))) {
          ensure(parent >= 0 && parent < graph.commitCount, 'a parent lies outside');
        }
        ensure(graph.generationAt(position) >= 0, 'a generation is negative');
        const filter = graph.pathFilterAt(position);
        if (filter && graph.pathFilterSettings) {
          mayContainPath(filter, 'a/path', graph.pathFilterSettings);
        }
      } catch (error) {
        if (!isGitError(error)) throw error;
        refused = error;
      }
    }
    if (refused !== undefined) throw refused;
  },
};
