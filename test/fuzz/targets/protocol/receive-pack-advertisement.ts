import { readReceivePackAdvertisement, serializeReceivePackAdvertisement } from '@git-kv/protocol';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';
import { linesOf, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

export const receivePackAdvertisement: FuzzTarget = {
  name: 'receive-pack-advertisement',
  about: 'the refs of a v0 receive-pack: written again they read the same',
  isText: true,
  dictionary: [...WIRE_WORDS, 'capabilities^{}', '.have', 'shallow ', 'report-status', 'object-format=sha256'],
  seeds: () => allSamples().map(({ format, wire }) => ({ bytes: wire.receivePackAdvertisement, variant: format })),
  mutate: mutateLines,
  async execute(bytes, _variant) {
    const parsed = await readReceivePackAdvertisement(linesOf(bytes));
    const refs = parsed.refs.flatMap(({ name, oid }) => (oid === undefined ? [] : [{ name, oid }]));
    const written = serializeReceivePackAdvertisement({ ...parsed, refs });
    const again = await readReceivePackAdvertisement(linesOf(written));
    ensure(JSON.stringify(again.refs) === JSON.stringify(parsed.refs), 'the refs read differently when written again');
  },
};
