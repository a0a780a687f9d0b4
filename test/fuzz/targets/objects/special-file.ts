import { checkObject, type SpecialFile, sha1 } from '@git-kv/objects';
import { readConfigText } from '../../../../packages/objects/src/check/config-text.js';
import { ensure, type FuzzTarget, type Seed } from '../../lib/target.js';

const seed = (variant: SpecialFile, text: string): Seed => ({ bytes: new TextEncoder().encode(text), variant });

export const specialFile: FuzzTarget = {
  name: 'special-file',
  about: "git's rules over .gitmodules and .gitattributes, and the config syntax below them",
  isText: true,
  dictionary: [
    '[submodule "',
    '"]\n',
    '\\\n',
    '"',
    'url = ',
    'path = ',
    'update = !',
    '..',
    '%0a',
    'https:///',
    '../../',
    '\r',
    '\0',
    '#',
    ';',
  ],
  seeds: () => [
    seed('gitmodules', '[submodule "lib"]\n\tpath = lib\n\turl = https://example.com/lib.git\n\tupdate = checkout\n'),
    seed('gitmodules', '[a.b] c = "d \\" \\\\ \\n" e ; f\n[g "h\\"i"]\n j\n k = l\\\n m\n'),
    seed('gitmodules', '[submodule "x/../y"] url = ../../../..%0a/:x\npath = -u\n'),
    seed('gitattributes', '*.txt text eol=lf\n[attr]mine -diff\n"quoted name" !x\n'),
  ],
  execute(bytes, variant) {
    const found = checkObject('blob', bytes, { algorithm: sha1, strict: true, specialFiles: [variant as SpecialFile] });
    ensure(found.length <= bytes.length + 1, `${found.length} findings in ${bytes.length} bytes`);
    let last = -1;
    readConfigText(bytes, ({ offset }) => {
      ensure(offset >= last && offset <= bytes.length, `an entry stands at byte ${offset}, after ${last}`);
      last = offset;
    });
  },
};
