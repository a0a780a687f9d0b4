import { parseCapabilityList, serializeCapabilityList } from '@git-kv/protocol';
import { textOf, textSeeds } from '../../lib/formats.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const capabilities: FuzzTarget = {
  name: 'capabilities',
  about: 'capability lists: written again they read the same',
  isText: true,
  dictionary: [' ', '=', ':', 'symref=HEAD:refs/heads/main', 'object-format=sha256', 'agent=', '\0', '\n', '  '],
  seeds: () =>
    textSeeds('multi_ack thin-pack side-band-64k ofs-delta shallow agent=git/2.39.5 object-format=sha1', 'a=b=c d= =e'),
  execute(bytes) {
    const parsed = parseCapabilityList(textOf(bytes));
    const again = parseCapabilityList(serializeCapabilityList(parsed));
    ensure(JSON.stringify(again) === JSON.stringify(parsed), 'they read differently when written again');
  },
};
