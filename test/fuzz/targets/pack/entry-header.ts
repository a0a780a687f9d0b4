import { decodeEntryHeader, emptyEntryHeader, encodeEntryHeader, encodeOfsDistance, TypeCode } from '@git-kv/pack';
import { algorithmOfVariant } from '../../lib/formats.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

const PACK_OFFSET = 2 ** 40;
const header = emptyEntryHeader();
const again = emptyEntryHeader();

export const entryHeader: FuzzTarget = {
  name: 'entry-header',
  about: 'type, size and base of a pack entry: written again they say the same',
  seeds: () =>
    (['sha1', 'sha256'] as const).flatMap((variant) => [
      { bytes: encodeEntryHeader(TypeCode.blob, 5), variant },
      { bytes: encodeEntryHeader(TypeCode.commit, 2 ** 40), variant },
      { bytes: Uint8Array.of(...encodeEntryHeader(TypeCode.ofsDelta, 300), ...encodeOfsDistance(123456)), variant },
      { bytes: Uint8Array.of(...encodeEntryHeader(TypeCode.refDelta, 300), ...new Uint8Array(32).fill(7)), variant },
    ]),
  execute(bytes, variant) {
    const { oidLength } = algorithmOfVariant(variant);
    if (!decodeEntryHeader(bytes, 0, bytes.length, oidLength, PACK_OFFSET, header)) return;
    ensure(header.bodyOffset > 0 && header.bodyOffset <= bytes.length, `the body begins at byte ${header.bodyOffset}`);
    const { typeCode, inflatedSize, baseDistance } = header;
    const written = [...encodeEntryHeader(typeCode, inflatedSize)];
    if (typeCode === TypeCode.ofsDelta) written.push(...encodeOfsDistance(baseDistance));
    if (typeCode === TypeCode.refDelta) written.push(...new Uint8Array(oidLength));
    const bytesAgain = Uint8Array.from(written);
    ensure(decodeEntryHeader(bytesAgain, 0, bytesAgain.length, oidLength, PACK_OFFSET, again), 'it is cut short');
    ensure(
      again.typeCode === typeCode && again.inflatedSize === inflatedSize && again.baseDistance === baseDistance,
      'it says something else when written again',
    );
  },
};
