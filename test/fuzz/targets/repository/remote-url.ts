import { parseRemoteUrl } from '@git-kv/kv';
import { parseHttpUrl } from '../../../../packages/protocol/src/transport/http-url.js';
import { textOf, textSeeds } from '../../lib/formats.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const remoteUrl: FuzzTarget = {
  name: 'remote-url',
  about: 'addresses of remotes: a password is in nothing that is shown',
  isText: true,
  dictionary: [
    'https://',
    'http://',
    'user:s3cr3t@',
    '@',
    '#main',
    '%0a',
    '%00',
    '..',
    '\r\n',
    '[::1]',
    ':99999',
    '?',
    '\\',
  ],
  seeds: () =>
    textSeeds(
      'https://user:s3cr3t@example.com:8443/a/b.git#main',
      'http://127.0.0.1/x',
      'git@example.com:a/b.git',
      '/srv/x.git#dev',
    ),
  execute(bytes) {
    const text = textOf(bytes);
    const { display, password } = parseRemoteUrl(text);
    ensure(password === undefined || !/^[^/]*\/\/[^/@]*:[^/@]*@/.test(display), 'a password is shown');
    parseHttpUrl(text);
  },
};
