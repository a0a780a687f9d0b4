import { concatBytes } from '@git-kv/objects';
import { demultiplex, encodeSideband, FLUSH } from '@git-kv/protocol';
import { ensure, type FuzzTarget } from '../../lib/target.js';
import { drain, linesOf, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

export const sideband: FuzzTarget = {
  name: 'sideband',
  about: 'the three bands: what a person gets to see has no control characters',
  dictionary: [...WIRE_WORDS, '\x01', '\x02', '\x03', '\x04', '\x1b[2J', '\r'],
  mutate: mutateLines,
  seeds: () => [
    {
      bytes: concatBytes([
        ...encodeSideband(1, text('PACK and more')),
        ...encodeSideband(2, text('Counting: 1\rCounting: 2\n')),
        FLUSH,
      ]),
    },
    {
      bytes: concatBytes([...encodeSideband(2, text('half a line')), ...encodeSideband(3, text('fatal: no\n')), FLUSH]),
    },
    { bytes: concatBytes([...encodeSideband(1, new Uint8Array(2000)), FLUSH]) },
  ],
  async execute(bytes) {
    await drain(
      demultiplex(linesOf(bytes), {
        onProgress: (line) =>
          ensure(!/[\0-\x08\x0b-\x1f\x7f-\x9f]/.test(line), `a control character in ${JSON.stringify(line)}`),
      }),
    );
  },
};
