import { checkObject, type SpecialFile, scanConfig, sha1 } from '@git-kv/objects';
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
    const rises = (start: number): void => {
      ensure(start > last && start < bytes.length, `something stands at byte ${start}, after ${last}`);
      last = start;
    };
    scanConfig(bytes, {
      section: (_section, start) => rises(start),
      setting: (_setting, start) => rises(start),
      comment: rises,
      space: rises,
    });
  },
};
