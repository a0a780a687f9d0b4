import { DEFAULT_PROTOCOL_LIMITS, parseFetchCommand, readV2Command, serializeV2Command } from '@git-kv/protocol';
import { algorithmOfVariant } from '../../lib/formats.js';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';
import { linesOf, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

export const fetchRequest: FuzzTarget = {
  name: 'fetch-request',
  about: 'a fetch request, as the server reads it: written again it reads the same',
  isText: true,
  dictionary: [
    ...WIRE_WORDS,
    'command=fetch\n',
    'want ',
    'have ',
    'shallow ',
    'deepen 1\n',
    'deepen-since 1\n',
    'deepen-not ',
    'filter blob:none\n',
    'done\n',
  ],
  seeds: () => allSamples().map(({ format, wire }) => ({ bytes: wire.fetchRequest, variant: format })),
  mutate: mutateLines,
  async execute(bytes, variant) {
    const algorithm = algorithmOfVariant(variant);
    const command = await readV2Command(linesOf(bytes), DEFAULT_PROTOCOL_LIMITS);
    if (command === undefined) return;
    const request = parseFetchCommand(command, algorithm);
    const again = await readV2Command(linesOf(serializeV2Command(command)), DEFAULT_PROTOCOL_LIMITS);
    ensure(again !== undefined, 'the command is gone when written again');
    ensure(JSON.stringify(parseFetchCommand(again, algorithm)) === JSON.stringify(request), 'it reads differently');
  },
};
