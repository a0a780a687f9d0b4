import { editTreeBody, parseTree, serializeTree, TreeCursor } from '@git-kv/objects';
import { algorithmOfVariant, objectSeeds } from '../../lib/formats.js';
import { ensure, ensureEqualBytes, type FuzzTarget } from '../../lib/target.js';

export const tree: FuzzTarget = {
  name: 'tree',
  about: 'tree objects: what is parsed comes back byte for byte, and the cursor sees the same entries',
  seeds: () => objectSeeds('tree'),
  dictionary: ['100644 ', '40000 ', '160000 ', '0100644 ', '777777777777 ', '\0', '/', '.git\0', '..\0'],
  execute(bytes, variant) {
    const algorithm = algorithmOfVariant(variant);
    const entries = parseTree(bytes, algorithm.oidLength);
    ensureEqualBytes(serializeTree(entries, algorithm), bytes, 'the serialized tree');
    const cursor = new TreeCursor(bytes, algorithm.oidLength);
    let count = 0;
    while (cursor.next()) count++;
    ensure(count === entries.length, `the cursor sees ${count} of ${entries.length} entries`);
    editTreeBody(algorithm, bytes, [{ name: 'new', entry: null }]);
  },
};
