import { parseConfig } from '../../../../packages/repository/src/engines/file/config.js';
import { textOf, textSeeds } from '../../lib/formats.js';
import { samples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const config: FuzzTarget = {
  name: 'config',
  about: "git's config syntax",
  isText: true,
  dictionary: ['[core]\n', '[remote "', '"]\n', '\\\n', '\\"', '"', ' = ', '#', ';', '\r\n', '\0', '\xef\xbb\xbf'],
  seeds: () => [
    { bytes: samples('sha256').config },
    ...textSeeds(
      '[a "b\\"c"] d = "e ; f" ; g\n\th\n  i = j\\\n k\n',
      '[core]\n\tbare = true\n[extensions]\nobjectFormat = sha256\n',
    ),
  ],
  execute(bytes) {
    const parsed = parseConfig(textOf(bytes));
    for (const { section, name, subsection } of parsed.entries) {
      ensure(section === section.toLowerCase() && name === name.toLowerCase(), 'a name is not in lower case');
      if (subsection === undefined) ensure(parsed.get(section, name) !== undefined, `${section}.${name} is not found`);
      parsed.getBoolean(section, name);
    }
  },
};
