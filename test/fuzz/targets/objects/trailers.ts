import { appendTrailers, parseTrailers } from '@git-kv/objects';
import { textOf, textSeeds } from '../../lib/formats.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const trailers: FuzzTarget = {
  name: 'trailers',
  about: 'trailers of a message: one that is appended is read back',
  isText: true,
  dictionary: [
    'Signed-off-by: ',
    '\n\n',
    '\n ',
    ': ',
    '---\n',
    '# comment\n',
    '(cherry picked from commit ',
    '\r\n',
    '=',
  ],
  seeds: () =>
    textSeeds(
      'Subject\n\nBody.\n\nSigned-off-by: A <a@b>\nReviewed-by: C <c@d>\n',
      'Subject\n\nkey: value\n  goes on\nno trailer here\n(cherry picked from commit 1234)\n',
      'key: value\n',
      '',
    ),
  execute(bytes) {
    const message = textOf(bytes);
    parseTrailers(message);
    parseTrailers(message, { divider: true, separators: ':=' });
    const added = { token: 'Fuzzed-by', value: 'the fuzzer' };
    const appended = appendTrailers(message, [added], { ifExists: 'add' });
    ensure(appended.includes('Fuzzed-by: the fuzzer\n'), 'it is not there');
    // What git takes for the end of a message hides the lines after it.
    if (/^#|\0|>8|^Conflicts:/m.test(message)) return;
    const found = parseTrailers(appended);
    ensure(
      found.some(({ token, value }) => token === added.token && value === added.value),
      'it is not read back',
    );
  },
};
