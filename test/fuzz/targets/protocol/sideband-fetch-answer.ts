import { readFetchAnswer } from '@git-kv/protocol';
import { algorithmOfVariant } from '../../lib/formats.js';
import { allSamples } from '../../lib/samples.js';
import type { FuzzTarget } from '../../lib/target.js';
import { drain, linesOf, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

export const sidebandFetchAnswer: FuzzTarget = {
  name: 'sideband-fetch-answer',
  about: 'a fetch answer all of which comes in a sideband',
  isText: true,
  dictionary: [...WIRE_WORDS, '\x01packfile\n', '\x01acknowledgments\n', '\x01ACK ', '\x01', '\x02', '\x03'],
  seeds: () => allSamples().map(({ format, wire }) => ({ bytes: wire.sidebandFetchAnswer, variant: format })),
  mutate: mutateLines,
  async execute(bytes, variant) {
    const answer = await readFetchAnswer(linesOf(bytes), algorithmOfVariant(variant), { sidebandAll: true });
    await drain(answer.pack);
  },
};
