import { readV2Advertisement, serializeV2Advertisement } from '@git-kv/protocol';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';
import { linesOf, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

export const v2Advertisement: FuzzTarget = {
  name: 'v2-advertisement',
  about: 'the capabilities of a v2 server: written again they read the same',
  isText: true,
  dictionary: [...WIRE_WORDS, 'version 2\n', 'fetch=shallow', 'ls-refs=unborn\n', 'object-format=sha1\n'],
  seeds: () => allSamples().map(({ format, wire }) => ({ bytes: wire.v2Advertisement, variant: format })),
  mutate: mutateLines,
  async execute(bytes, _variant) {
    const parsed = await readV2Advertisement(linesOf(bytes));
    const again = await readV2Advertisement(linesOf(serializeV2Advertisement(parsed)));
    ensure(JSON.stringify(again) === JSON.stringify(parsed), 'they read differently when written again');
  },
};
