import { readHaveLine, readUploadRequest, serializeUploadRequest } from '@git-kv/protocol';
import { algorithmOfVariant } from '../../lib/formats.js';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';
import { linesOf, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

export const v0FetchRequest: FuzzTarget = {
  name: 'v0-fetch-request',
  about: 'a v0 fetch request with its haves, as the server reads it: written again it reads the same',
  isText: true,
  dictionary: [
    ...WIRE_WORDS,
    'want ',
    'have ',
    'shallow ',
    'deepen 1\n',
    'deepen-since 1\n',
    'deepen-not ',
    'filter blob:none\n',
    ' deepen-relative include-tag no-progress',
    'done\n',
  ],
  seeds: () => allSamples().map(({ format, wire }) => ({ bytes: wire.v0FetchRequest, variant: format })),
  mutate: mutateLines,
  async execute(bytes, variant) {
    const algorithm = algorithmOfVariant(variant);
    const lines = linesOf(bytes);
    const upload = await readUploadRequest(lines, algorithm);
    if (upload === undefined) return;
    while ((await readHaveLine(lines, algorithm)).kind !== 'end');
    const again = await readUploadRequest(linesOf(serializeUploadRequest(upload)), algorithm);
    ensure(JSON.stringify(again) === JSON.stringify(upload), 'it reads differently when written again');
  },
};
