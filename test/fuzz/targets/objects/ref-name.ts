import { assertRefName, checkRefName, isSafeRefName } from '@git-kv/objects';
import { textOf, textSeeds } from '../../lib/formats.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const refName: FuzzTarget = {
  name: 'ref-name',
  about: 'names of refs: what passes has nothing that a path must not have',
  isText: true,
  dictionary: [
    'refs/',
    'heads/',
    '..',
    '.lock',
    '@{',
    '/',
    '\\',
    '~',
    '^',
    ':',
    '?',
    '*',
    '[',
    '\x7f',
    '\0',
    '\n',
    ' ',
    '@',
    '.',
  ],
  seeds: () => textSeeds('refs/heads/main', 'refs/tags/v1.0', 'HEAD', 'refs/heads/a/b.c/d', 'refs/heads/ünï'),
  execute(bytes) {
    const name = textOf(bytes);
    if (isSafeRefName(name)) ensure(checkRefName(name, { allowOneLevel: true }), 'a safe name breaks a rule');
    if (checkRefName(name)) {
      ensure(
        !/(?:^|\/)\.|\.\.|\/\/|[\0-\x20\x7f~^:?*[\\]|@\{|\.lock(?:\/|$)|\/$|^\/|\.$/.test(name),
        'a rule is not kept',
      );
    }
    assertRefName(name);
  },
};
