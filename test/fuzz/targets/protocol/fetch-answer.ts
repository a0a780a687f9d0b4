import { readFetchAnswer } from '@git-kv/protocol';
import { algorithmOfVariant } from '../../lib/formats.js';
import { allSamples } from '../../lib/samples.js';
import type { FuzzTarget } from '../../lib/target.js';
import { drain, linesOf, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

export const fetchAnswer: FuzzTarget = {
  name: 'fetch-answer',
  about: 'a fetch answer, as the client reads it, with the pack in its sideband',
  isText: true,
  dictionary: [
    ...WIRE_WORDS,
    'acknowledgments\n',
    'shallow-info\n',
    'packfile\n',
    'wanted-refs\n',
    'ACK ',
    'NAK\n',
    'ready\n',
    'shallow ',
    'unshallow ',
  ],
  seeds: () => allSamples().map(({ format, wire }) => ({ bytes: wire.fetchAnswer, variant: format })),
  mutate: mutateLines,
  async execute(bytes, variant) {
    const answer = await readFetchAnswer(linesOf(bytes), algorithmOfVariant(variant));
    await drain(answer.pack);
  },
};
