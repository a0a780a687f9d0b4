import { parseConfig } from '../../../../packages/repository/src/config/config.js';
import { ConfigDocument } from '../../../../packages/repository/src/config/document.js';
import { textSeeds } from '../../lib/formats.js';
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
    const parsed = parseConfig(bytes);
    for (const { section, name, subsection } of parsed.entries) {
      ensure(section === section.toLowerCase() && name === name.toLowerCase(), 'a name is not in lower case');
      if (subsection === undefined) ensure(parsed.get(section, name) !== undefined, `${section}.${name} is not found`);
      parsed.getBoolean(section, name);
    }
    const document = new ConfigDocument(bytes);
    document.replaceAll('a.d', 'x');
    ensure(document.config.getAll('a', 'd').join() === 'x', 'a value that was set is not found');
    ensure(document.unsetAll('a.d') && document.config.get('a', 'd') === undefined, 'a value that was unset is found');
  },
};
