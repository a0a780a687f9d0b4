import { parseTag, parseTagLinks, serializeTag } from '@git-kv/objects';
import { objectSeeds } from '../../lib/formats.js';
import { ensure, ensureEqualBytes, type FuzzTarget } from '../../lib/target.js';

export const tag: FuzzTarget = {
  name: 'tag',
  about: 'tag objects: what is parsed comes back byte for byte, and the quick reader of links agrees',
  isText: true,
  dictionary: ['object ', 'type commit\n', 'type blob\n', 'tag ', 'tagger ', '\n\n', '\0', ' <', '> ', '\xff'],
  seeds: () => objectSeeds('tag'),
  execute(bytes) {
    const parsed = parseTag(bytes);
    ensureEqualBytes(serializeTag(parsed), bytes, 'the serialized tag');
    const links = parseTagLinks(bytes);
    ensure(links.targetOid === parsed.targetOid && links.targetKind === parsed.targetKind, 'the links differ');
  },
};
