import {
  type AttributeScope,
  findAttributes,
  parseAttributes,
} from '../../../../packages/repository/src/attributes/attributes.js';
import { textSeeds } from '../../lib/formats.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

const PATHS = ['a.txt', 'src/deep/er/b.json', `${'a/'.repeat(40)}${'a'.repeat(60)}b`, 'größe'];

export const attributes: FuzzTarget = {
  name: 'attributes',
  about: 'gitattributes: lines that are wrong are passed over, and patterns are asked about paths',
  isText: true,
  dictionary: [
    '[attr]',
    '**/',
    '/**',
    '*',
    '?',
    '[a-z]',
    '[!',
    '[[:alpha:]]',
    '\\',
    '"',
    '\\303',
    ' -',
    ' !',
    'merge=',
    'binary',
    '\r\n',
    '\0',
    '#',
    '\xef\xbb\xbf',
  ],
  seeds: () =>
    textSeeds(
      '*.txt text eol=lf\n*.bin binary\n# comment\n/src/**/*.json merge=json -diff !text\n',
      '[attr]ours merge=ours -text\n"with \\"quotes\\" \\303\\244" ours\ndeep/** ours=value\n',
      '*a*a*a*a*a*a*b x\n[!a-c]?[[:digit:]]* y\n**/foo/**/bar z\n',
    ),
  execute(bytes) {
    const rules = parseAttributes(bytes, true);
    ensure(
      parseAttributes(bytes, false).every(({ pattern }) => !('macro' in pattern)),
      'a file that may not has defined a macro',
    );
    const scopes: AttributeScope[] = [
      { directory: '', rules },
      { directory: 'src/', rules },
    ];
    for (const path of PATHS) {
      const found = findAttributes(path, ['merge', 'text', 'x'], scopes);
      for (const name of found.keys())
        ensure(/^[-A-Za-z0-9_.]+$/.test(name), `${JSON.stringify(name)} is no attribute`);
    }
  },
};
