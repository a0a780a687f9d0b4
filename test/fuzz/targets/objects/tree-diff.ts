import { diffThreeTreeBodies, diffTreeBodies } from '@git-kv/objects';
import { algorithmOfVariant, objectSeeds } from '../../lib/formats.js';
import { samples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const treeDiff: FuzzTarget = {
  name: 'tree-diff',
  about: 'the difference of a tree and a real one, both ways round, and as the sides of a merge',
  seeds: () => objectSeeds('tree'),
  dictionary: ['100644 ', '40000 ', '\0', 'a', '/'],
  execute(bytes, variant) {
    const { oidLength } = algorithmOfVariant(variant);
    const real = samples(variant === 'sha256' ? 'sha256' : 'sha1').objects.find(({ kind }) => kind === 'tree')!.body;
    const there = diffTreeBodies(real, bytes, oidLength);
    const back = diffTreeBodies(bytes, real, oidLength);
    ensure(there.length === back.length, `${there.length} changes one way, ${back.length} the other`);
    ensure(diffTreeBodies(bytes, bytes, oidLength).length === 0, 'a tree differs from itself');
    const ours = diffThreeTreeBodies({ base: real, ours: bytes, theirs: real }, oidLength);
    const both = diffThreeTreeBodies({ base: real, ours: bytes, theirs: bytes }, oidLength);
    ensure(ours.length === there.length, `${ours.length} changes by one side of three, ${there.length} of two`);
    ensure(both.length === there.length, `${both.length} changes by both sides of three, ${there.length} of two`);
  },
};
