import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCommit, buildIdentity, encodeUtf8, sha1, splitSignedCommit, splitSignedTag } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { initBare, runAsync, temporaryDirectory } from '../../../test/support/git.js';
import { ALGORITHMS, corpusObjects, expectEveryCutIsTyped, writeWithGit } from './support.js';

const ARMOR = '-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\n';
const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

/** What git hands to the verifier: it runs a program that keeps the signature file and the payload. */
async function splitWithGit(directory: string, kind: 'commit' | 'tag', body: Uint8Array) {
  const program = join(directory, 'keep.sh');
  const [signature, payload] = [join(directory, 'signature'), join(directory, 'payload')];
  writeFileSync(
    program,
    `#!/bin/sh\nfor a; do case "$a" in -) ;; -*) ;; *) cat "$a" >"${signature}";; esac; done\ncat >"${payload}"\n`,
  );
  chmodSync(program, 0o755);
  rmSync(signature, { force: true });
  const oid = writeWithGit(directory, kind, body);
  await runAsync('git', ['-c', `gpg.program=${program}`, `verify-${kind}`, oid], { cwd: directory });
  if (!existsSync(signature)) return undefined;
  return { signature: readFileSync(signature, 'utf8'), payload: readFileSync(payload, 'utf8') };
}

describe.each(ALGORITHMS)('the signature of a commit of %s', (name, algorithm) => {
  const header = name === 'sha1' ? 'gpgsig' : 'gpgsig-sha256';
  const otherHeader = name === 'sha1' ? 'gpgsig-sha256' : 'gpgsig';
  const folded = ARMOR.trimEnd().replaceAll('\n', '\n ');
  const head = `tree ${algorithm.emptyTreeOid}\nauthor A <a@b> 1 +0000\ncommitter C <c@d> 2 +0100\n`;
  const cases: [what: string, text: string, isPlain: boolean][] = [
    ['at the end of the headers', `${head}${header} ${folded}\n\nmessage\n`, true],
    ['before another header', `${head}${header} ${folded}\nx-other a\n b\n\nmessage\n`, true],
    ['with a space line after the armor', `${head}${header} ${folded}\n \n\nmessage\n`, true],
    [
      'beside one for the other algorithm',
      `${head}${otherHeader} other\n lines\n${header} ${folded}\n\nmessage\n`,
      false,
    ],
    ['twice', `${head}${header} ${folded}\n${header} ${folded}\n\nmessage\n`, false],
    [
      'with one line a header',
      `${head}${folded
        .split('\n')
        .map((line) => `${header} ${line.trim()}\n`)
        .join('')}\nm\n`,
      false,
    ],
    ['beside a header that begins like it', `${head}gpgsig-x a\n b\n${header} ${folded}\n\nmessage\n`, false],
    ['without a message', `${head}${header} ${folded}\n`, true],
  ];
  test.each(cases)('is split as git does: %s', async (_what, text, isPlain) => {
    const directory = initBare(temporaryDirectory(), name);
    writeWithGit(directory, 'tree', new Uint8Array(0));
    const body = encodeUtf8(text);
    const signed = splitSignedCommit(body, algorithm);
    const judged = await splitWithGit(directory, 'commit', body);
    expect({ signature: textOf(signed?.signature), payload: textOf(signed?.payload) }).toEqual(judged);
    expect(signed?.isPlain).toBe(isPlain);
  });

  test('is the one that was put in, over the commit without it', () => {
    const who = buildIdentity({ name: 'A', email: 'a@b', timestamp: 1 });
    const fields = { treeOid: algorithm.emptyTreeOid, parentOids: [], author: who, committer: who, message: 'm\n' };
    const signed = buildCommit({ ...fields, extraHeaders: [{ name: header, value: ARMOR.trimEnd() }] });
    expect(splitSignedCommit(signed, algorithm)).toEqual({
      payload: buildCommit(fields),
      signature: encodeUtf8(ARMOR),
      isPlain: true,
    });
    expect(splitSignedCommit(buildCommit(fields), algorithm)).toBeUndefined();
  });

  test('is refused or found at every cut', () => {
    expectEveryCutIsTyped(encodeUtf8(cases[1]?.[1] as string), (cut) => splitSignedCommit(cut, algorithm));
  });
});

describe('the signature of a tag', () => {
  const head = `object ${sha1.emptyTreeOid}\ntype tree\ntag v1\ntagger A <a@b> 1 +0000\n`;
  const cases: [what: string, text: string, isPlain: boolean][] = [
    ['after a message', `${head}\nmessage\n${ARMOR}`, true],
    ['alone', `${head}\n${ARMOR}`, true],
    ['after another', `${head}\n${ARMOR}more\n${ARMOR}`, true],
    ['beside one for the other algorithm', `${head}gpgsig-sha256 a\n b\n\nmessage\n${ARMOR}`, false],
  ];
  test.each(cases)('is split as git does: %s', async (_what, text, isPlain) => {
    const directory = initBare(temporaryDirectory());
    writeWithGit(directory, 'tree', new Uint8Array(0));
    const body = encodeUtf8(text);
    const signed = splitSignedTag(body);
    const judged = await splitWithGit(directory, 'tag', body);
    expect({ signature: textOf(signed?.signature), payload: textOf(signed?.payload) }).toEqual(judged);
    expect(signed?.isPlain).toBe(isPlain);
  });

  test('is not found where a line only mentions it', () => {
    expect(splitSignedTag(encodeUtf8(`${head}\nsee -----BEGIN PGP SIGNATURE-----\n`))).toBeUndefined();
    expect(splitSignedTag(new Uint8Array(0))).toBeUndefined();
  });

  test.each(['SSH SIGNATURE', 'SIGNED MESSAGE', 'PGP MESSAGE'])('may be an %s', (kind) => {
    expect(textOf(splitSignedTag(encodeUtf8(`${head}\nm\n-----BEGIN ${kind}-----\nx\n`))?.payload)).toBe(
      `${head}\nm\n`,
    );
  });
});

describe.skipIf(process.env.GIT_KV_CORPORA === undefined)('signatures of the corpora (GIT_KV_CORPORA)', () => {
  test('are found in signed objects, and their bytes are all of the object', () => {
    const signed = corpusObjects('commit').filter(([, body]) => splitSignedCommit(body, sha1) !== undefined);
    expect(signed.map(([name]) => name)).toEqual([
      'bogus-gpgsig-lines-in-git.git.txt',
      'message-with-footer.txt',
      'signed-singleline.txt',
      'signed-whitespace.txt',
      'signed-with-encoding.txt',
      'signed.txt',
      'subtle.txt',
      'two-multiline-headers.txt',
    ]);
    for (const [, body] of signed) expect(textOf(splitSignedCommit(body, sha1)?.payload)).not.toContain('\ngpgsig');
    const tags = corpusObjects('tag').filter(([, body]) => splitSignedTag(body) !== undefined);
    expect(tags.map(([name]) => name)).toEqual(['no-tagger.txt', 'signed.txt']);
  });
});
