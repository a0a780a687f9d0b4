import { type PackedRefs, parsePackedRefs } from '../../../../packages/repository/src/engines/file/packed-refs.js';
import { algorithmOfVariant } from '../../lib/formats.js';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

const namesOf = (refs: PackedRefs): string[] =>
  refs.entries.map(({ name, oid, peeledOid }) => `${name} ${oid} ${peeledOid}`);

export const packedRefs: FuzzTarget = {
  name: 'packed-refs',
  about: 'packed-refs: every entry is found, and written again it reads the same',
  isText: true,
  dictionary: ['# pack-refs with: peeled fully-peeled sorted \n', '^', 'refs/', '..', ' ', '\r\n', '\0', '#'],
  seeds: () => allSamples().map(({ format, packedRefs }) => ({ bytes: packedRefs, variant: format })),
  execute(bytes, variant) {
    const refs = parsePackedRefs(bytes, algorithmOfVariant(variant));
    for (const { name } of refs.entries) {
      ensure(!/(?:^|\/)\.{0,2}(?:\/|$)/.test(name), `${JSON.stringify(name)} is dangerous as a path`);
      ensure(refs.find(name)?.name === name, `${name} is not found`);
    }
    const written = refs.without(new Set());
    ensure(written.length === bytes.length, 'a byte is lost when the file is written again');
    const again = parsePackedRefs(written, algorithmOfVariant(variant));
    ensure(JSON.stringify(namesOf(again)) === JSON.stringify(namesOf(refs)), 'it reads differently when written again');
  },
};
