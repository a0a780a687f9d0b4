import { readPushRequest, serializePushRequestHead } from '@git-kv/protocol';
import { algorithmOfVariant } from '../../lib/formats.js';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';
import { drain, linesOf, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

export const pushRequest: FuzzTarget = {
  name: 'push-request',
  about: 'the commands of a push, as the server reads them',
  isText: true,
  dictionary: [...WIRE_WORDS, 'shallow ', 'push-cert\0', 'push-options', 'atomic', 'report-status-v2', 'refs/heads/'],
  seeds: () => allSamples().map(({ format, wire }) => ({ bytes: wire.pushRequest, variant: format })),
  mutate: mutateLines,
  async execute(bytes, variant) {
    const algorithm = algorithmOfVariant(variant);
    const request = await readPushRequest(linesOf(bytes), algorithm);
    if (request === undefined) return;
    await drain(request.pack);
    const again = await readPushRequest(linesOf(serializePushRequestHead(request, algorithm)), algorithm);
    ensure(JSON.stringify(again?.commands) === JSON.stringify(request.commands), 'the commands read differently');
  },
};
