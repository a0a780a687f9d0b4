import { BundleHeaderReader, serializeBundleHeader } from '../../../../packages/kv/src/octets/bundle-header.js';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const bundleHeader: FuzzTarget = {
  name: 'bundle-header',
  about: 'the header of a bundle: however it is cut, the same, and written again it reads the same',
  isText: true,
  dictionary: [
    '# v2 git bundle\n',
    '# v3 git bundle\n',
    '@object-format=sha1\n',
    '@filter=blob:none\n',
    '-',
    ' refs/heads/',
    '\n\n',
  ],
  seeds: () => allSamples().flatMap(({ bundles }) => bundles.map((bytes) => ({ bytes: bytes.slice(0, 600) }))),
  execute(bytes) {
    const reader = new BundleHeaderReader();
    const whole = reader.push(bytes);
    if (whole === undefined) return reader.end();
    const cut = new BundleHeaderReader();
    let found: ReturnType<BundleHeaderReader['push']>;
    for (let at = 0; at < bytes.length && found === undefined; at += 50) found = cut.push(bytes.subarray(at, at + 50));
    ensure(found !== undefined, 'it is not whole when cut');
    const words = (result: typeof whole): string =>
      JSON.stringify([result.header.prerequisites, [...result.header.refs]]);
    ensure(words(found) === words(whole), 'it depends on the cut');
    const again = new BundleHeaderReader().push(serializeBundleHeader(whole.header));
    ensure(again !== undefined && words(again) === words(whole), 'it reads differently when written again');
  },
};
