import { parseLsRefsLine, serializeLsRefsLine } from '@git-kv/protocol';
import { algorithmOfVariant } from '../../lib/formats.js';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';
import { linesOf, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

export const lsRefsAnswer: FuzzTarget = {
  name: 'ls-refs-answer',
  about: 'an ls-refs answer, as the client reads it: each ref written again reads the same',
  isText: true,
  dictionary: [...WIRE_WORDS, 'symref-target:', 'peeled:', 'unborn HEAD', 'refs/heads/', ' '],
  seeds: () => allSamples().map(({ format, wire }) => ({ bytes: wire.lsRefsAnswer, variant: format })),
  mutate: mutateLines,
  async execute(bytes, variant) {
    const algorithm = algorithmOfVariant(variant);
    const lines = linesOf(bytes);
    for (let line = await lines.read(); line?.kind === 'data'; line = await lines.read()) {
      const ref = parseLsRefsLine(line.payload, algorithm, lines.offset);
      const written = linesOf(serializeLsRefsLine(ref));
      const again = await written.read();
      ensure(again?.kind === 'data', 'a ref is written as no line');
      const read = parseLsRefsLine(again.payload, algorithm);
      ensure(JSON.stringify(read) === JSON.stringify(ref), 'a ref reads differently when written again');
    }
  },
};
