import { readPushReport, serializePushReport } from '@git-kv/protocol';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';
import { linesOf, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

export const pushReport: FuzzTarget = {
  name: 'push-report',
  about: 'what became of a push, as the client reads it',
  isText: true,
  dictionary: [...WIRE_WORDS, 'unpack ok\n', 'ok ', 'ng ', 'option ', 'refs/heads/'],
  seeds: () => allSamples().map(({ format, wire }) => ({ bytes: wire.pushReport, variant: format })),
  mutate: mutateLines,
  async execute(bytes, _variant) {
    const report = await readPushReport(linesOf(bytes));
    const again = await readPushReport(linesOf(serializePushReport(report)));
    const words = ({ results }: typeof report): string => JSON.stringify(results.map(({ name, ok }) => [name, ok]));
    ensure(words(again) === words(report), 'it reads differently when written again');
  },
};
