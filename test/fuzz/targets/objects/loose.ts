import { deflateSync } from 'node:zlib';
import { decodeLoose, decodeLooseHeader, encodeFrame, encodeLoose, sha1 } from '@git-kv/objects';
import { samples } from '../../lib/samples.js';
import { ensure, ensureEqualBytes, type FuzzTarget } from '../../lib/target.js';

/** Of the variant `text`, the bytes are what inflating yields: a mutant of those passes the stream's own checks. */
export const loose: FuzzTarget = {
  name: 'loose',
  about: 'loose object files, and what stands inside their stream',
  dictionary: ['blob ', 'tree ', 'commit ', 'tag ', '0\0', ' 99999999999999999999\0', '\0'],
  seeds: () =>
    samples('sha1').objects.flatMap(({ kind, body }) => [
      { bytes: encodeLoose(sha1, kind, body).bytes },
      { bytes: Buffer.concat([encodeFrame(kind, body.length), body]), variant: 'text' },
    ]),
  execute(bytes, variant) {
    const file = variant === 'text' ? deflateSync(bytes, { level: 1 }) : bytes;
    const { kind, body } = decodeLoose(file);
    const header = decodeLooseHeader(file);
    ensure(header.kind === kind && header.size === body.length, 'the header alone tells something else');
    const again = decodeLoose(encodeLoose(sha1, kind, body, 1).bytes);
    ensure(again.kind === kind, 'the kind differs');
    ensureEqualBytes(again.body, body, 'the body');
  },
};
