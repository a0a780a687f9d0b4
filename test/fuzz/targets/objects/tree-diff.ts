import { diffTreeBodies } from '@git-kv/objects';
import { algorithmOfVariant, objectSeeds } from '../../lib/formats.js';
import { samples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const treeDiff: FuzzTarget = {
  name: 'tree-diff',
  about: 'the difference of a tree and a real one, both ways round',
  seeds: () => objectSeeds('tree'),
  dictionary: ['100644 ', '40000 ', '\0', 'a', '/'],
  execute(bytes, variant) {
    const { oidLength } = algorithmOfVariant(variant);
    const real = samples(variant === 'sha256' ? 'sha256' : 'sha1').objects.find(({ kind }) => kind === 'tree')!.body;
    const there = diffTreeBodies(real, bytes, oidLength);
    const back = diffTreeBodies(bytes, real, oidLength);
    ensure(there.length === back.length, `${there.length} changes one way, ${back.length} the other`);
    ensure(diffTreeBodies(bytes, bytes, oidLength).length === 0, 'a tree differs from itself');
  },
};
