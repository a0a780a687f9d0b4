import { commitMessageText, parseCommit, parseCommitLinks, serializeCommit } from '@git-kv/objects';
import { objectSeeds } from '../../lib/formats.js';
import { ensure, ensureEqualBytes, type FuzzTarget } from '../../lib/target.js';

const SIGNATURE = '-----BEGIN PGP SIGNATURE-----\n \n iQEzBAABCAAdFiEE\n =abcd\n -----END PGP SIGNATURE-----\n';

export const commit: FuzzTarget = {
  name: 'commit',
  about: 'commit objects: what is parsed comes back byte for byte, and the quick reader of links agrees',
  isText: true,
  dictionary: [
    'tree ',
    'parent ',
    'author ',
    'committer ',
    'encoding latin1\n',
    `gpgsig ${SIGNATURE}`,
    'mergetag object ',
    ' \n',
    '\n\n',
    '\0',
    ' <',
    '> ',
    ' +0000\n',
    '\xff\xfe',
  ],
  seeds() {
    const seeds = objectSeeds('commit');
    const { bytes, variant } = seeds[0]!;
    const text = Buffer.from(bytes).toString('latin1');
    const signed = text.replace('\n\n', `\nencoding ISO-8859-1\ngpgsig ${SIGNATURE}\n`);
    return [...seeds, { bytes: Buffer.from(signed, 'latin1'), variant }];
  },
  execute(bytes) {
    const parsed = parseCommit(bytes);
    ensureEqualBytes(serializeCommit(parsed), bytes, 'the serialized commit');
    commitMessageText(parsed);
    const links = parseCommitLinks(bytes);
    ensure(links.treeOid === parsed.treeOid, 'the links name another tree');
    ensure(links.parentOids.join() === parsed.parentOids.join(), 'the links name other parents');
  },
};
