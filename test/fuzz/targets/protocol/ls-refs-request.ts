import { DEFAULT_PROTOCOL_LIMITS, parseLsRefsCommand, readV2Command } from '@git-kv/protocol';
import { allSamples } from '../../lib/samples.js';
import type { FuzzTarget } from '../../lib/target.js';
import { linesOf, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

export const lsRefsRequest: FuzzTarget = {
  name: 'ls-refs-request',
  about: 'an ls-refs request, as the server reads it',
  isText: true,
  dictionary: [...WIRE_WORDS, 'command=ls-refs\n', 'ref-prefix ', 'peel\n', 'symrefs\n', 'unborn\n'],
  seeds: () => allSamples().map(({ format, wire }) => ({ bytes: wire.lsRefsRequest, variant: format })),
  mutate: mutateLines,
  async execute(bytes, _variant) {
    const command = await readV2Command(linesOf(bytes), DEFAULT_PROTOCOL_LIMITS);
    if (command !== undefined) parseLsRefsCommand(command);
  },
};
