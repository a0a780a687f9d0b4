import { splitSignedCommit, splitSignedTag } from '@git-kv/objects';
import { algorithmOfVariant, objectSeeds } from '../../lib/formats.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

const ARMOR = '-----BEGIN PGP SIGNATURE-----\n\niQEzBAABCAAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\n';

export const signature: FuzzTarget = {
  name: 'signature',
  about: 'signatures apart from what they sign: no byte is signed that does not stand in the object',
  isText: true,
  dictionary: [
    'gpgsig ',
    'gpgsig-sha256 ',
    '-----BEGIN PGP SIGNATURE-----\n',
    '-----END PGP SIGNATURE-----\n',
    '\n ',
    '\n\n',
    'gpgsig-x ',
  ],
  seeds() {
    const header = `gpgsig ${ARMOR.trimEnd().replaceAll('\n', '\n ')}\n`;
    const commits = objectSeeds('commit').map(({ bytes, variant }) => ({
      bytes: Buffer.from(Buffer.from(bytes).toString('latin1').replace('\n\n', `\n${header}\n`), 'latin1'),
      variant: `${variant} commit`,
    }));
    const tags = objectSeeds('tag').map(({ bytes, variant }) => ({
      bytes: Buffer.concat([bytes, Buffer.from(ARMOR)]),
      variant: `${variant} tag`,
    }));
    return [...commits, ...tags];
  },
  execute(bytes, variant) {
    const isTag = variant!.endsWith('tag');
    const split = isTag ? splitSignedTag(bytes) : splitSignedCommit(bytes, algorithmOfVariant(variant));
    if (split === undefined) return;
    ensure(split.payload.length + split.signature.length <= bytes.length, 'the parts are longer than the whole');
    ensure(split.payload.length < bytes.length, 'nothing was taken out');
  },
};
