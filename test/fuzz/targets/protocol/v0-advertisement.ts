import { readV0Advertisement, serializeV0Advertisement, type V0Advertisement } from '@git-kv/protocol';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';
import { linesOf, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

async function read(bytes: Uint8Array): Promise<V0Advertisement | undefined> {
  const lines = linesOf(bytes);
  const first = await lines.read();
  return first === undefined ? undefined : await readV0Advertisement(lines, first);
}

export const v0Advertisement: FuzzTarget = {
  name: 'v0-advertisement',
  about: 'the refs of a v0 upload-pack: written again they read the same',
  isText: true,
  dictionary: [
    ...WIRE_WORDS,
    'version 1\n',
    'capabilities^{}',
    '^{}',
    'shallow ',
    'symref=HEAD:refs/heads/main',
    'object-format=sha256',
  ],
  // What is there after the service line of HTTP.
  seeds: () =>
    allSamples().map(({ format, wire }) => {
      const bytes = wire.v0UploadPackAdvertisement;
      const start = new TextDecoder('latin1').decode(bytes.subarray(0, 64)).startsWith('001e#') ? 0x1e + 4 : 0;
      return { bytes: bytes.subarray(start), variant: format };
    }),
  mutate: mutateLines,
  async execute(bytes, _variant) {
    const parsed = await read(bytes);
    if (parsed === undefined) return;
    const capabilities = parsed.capabilities.filter(({ name }) => name !== 'symref');
    const again = await read(serializeV0Advertisement({ ...parsed, capabilities }));
    // A HEAD without a commit is told by its target alone, which is not written.
    const told = parsed.refs.filter(({ oid }) => oid !== undefined);
    ensure(JSON.stringify(again?.refs) === JSON.stringify(told), 'the refs read differently when written again');
    ensure(JSON.stringify(again?.shallowOids) === JSON.stringify(parsed.shallowOids), 'the boundary reads differently');
  },
};
