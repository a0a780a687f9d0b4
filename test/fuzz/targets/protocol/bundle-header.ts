import { BundleHeaderReader, parseBundleHeader, serializeBundleHeader } from '@git-kv/protocol';
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
    const whole = parseBundleHeader(bytes);
    const reader = new BundleHeaderReader();
    let end: number | undefined;
    for (let at = 0; at < bytes.length && end === undefined; at += 50) {
      const step = reader.push(bytes.subarray(at, at + 50));
      if (step !== undefined) end = at + step.end;
    }
    ensure(end === whole.end, 'it ends elsewhere when cut');
    // A comment is read as it stands; only one of a single line is written.
    if (whole.header.prerequisites.some(({ comment }) => /[\0\r]/.test(comment))) return;
    const again = parseBundleHeader(serializeBundleHeader(whole.header));
    const words = ({ header }: typeof whole): string => JSON.stringify({ ...header, algorithm: header.algorithm.name });
    ensure(words(again) === words(whole), 'it reads differently when written again');
  },
};
