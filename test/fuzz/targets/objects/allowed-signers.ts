import { findSigner, parseAllowedSigners, parseSshPublicKeyLine } from '@git-kv/objects';
import { textOf, textSeeds } from '../../lib/formats.js';
import { SSH_PUBLIC_LINE } from '../../lib/ssh.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

const { key } = parseSshPublicKeyLine(SSH_PUBLIC_LINE);

export const allowedSigners: FuzzTarget = {
  name: 'allowed-signers',
  about: 'allowed signers: every line is taken or told of, and none that allows another use or time is good',
  isText: true,
  dictionary: [
    'namespaces="',
    'valid-before="20200101"',
    'valid-after="',
    'cert-authority,',
    '"',
    '\\"',
    ',',
    '!',
    '*',
    '#',
    '\t',
    '\r\n',
  ],
  seeds: () =>
    textSeeds(
      `a@x ${SSH_PUBLIC_LINE} comment\n`,
      `*@x,!b@x namespaces="git,f*" ${SSH_PUBLIC_LINE}\n# comment\n\n"c d" ${SSH_PUBLIC_LINE}\n`,
      `a@x cert-authority,valid-after="20200101Z",valid-before="202501010000" ${SSH_PUBLIC_LINE}\n`,
    ),
  execute(bytes) {
    const text = textOf(bytes);
    const told: number[] = [];
    const signers = parseAllowedSigners(text, { onProblem: (line) => told.push(line) });
    const lines = [...signers.map(({ line }) => line), ...told];
    ensure(new Set(lines).size === lines.length, 'a line was taken twice');
    ensure(
      lines.every((line) => line >= 1 && line <= text.split('\n').length),
      'there is no such line',
    );
    const found = findSigner(signers, key, { namespace: 'git', timestamp: 1_700_000_000 });
    if (found.status !== 'good') return;
    const { validAfter = 0, validBefore = Number.POSITIVE_INFINITY, isCertAuthority } = found.signer!;
    ensure(
      !isCertAuthority && validAfter <= 1_700_000_000 && validBefore >= 1_700_000_000,
      'the line does not allow it',
    );
  },
};
