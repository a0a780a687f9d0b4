import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import { openForTest } from './open.js';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);

async function withFile(text: string | undefined) {
  const directory = initBare(join(temporaryDirectory(), 'shallow.git'));
  if (text !== undefined) writeFileSync(join(directory, 'shallow'), text);
  const { shallow } = await openForTest(directory);
  return { shallow, path: join(directory, 'shallow') };
}

describe('the shallow file', () => {
  test.each(['sha1', 'sha256'] as const)(
    'of a shallow clone by git is read, and written the same, in %s',
    async (format) => {
      const root = temporaryDirectory();
      const source = initBare(join(root, 'source.git'), format);
      const head = commitFiles(source, [{ files: { a: '1' } }, { files: { a: '2' } }]);
      git(['clone', '-q', '--bare', '--depth', '1', pathToFileURL(source).href, 'clone.git'], { cwd: root });
      const path = join(root, 'clone.git', 'shallow');
      const byGit = readFileSync(path, 'utf8');
      const { shallow } = await openForTest(join(root, 'clone.git'));
      expect([...(await shallow.read())]).toEqual([head]);
      await shallow.update({ add: [head], remove: [] });
      expect(readFileSync(path, 'utf8')).toBe(byGit);
      expect(git(['fsck', '--strict'], { cwd: join(root, 'clone.git') })).toBe('');
    },
  );

  test('survives, sorted, and goes away when it would be empty', async () => {
    const { shallow, path } = await withFile(undefined);
    expect([...(await shallow.read())]).toEqual([]);
    await shallow.update({ add: [B, A], remove: [] });
    expect(readFileSync(path, 'utf8')).toBe(`${A}\n${B}\n`);
    expect([...(await shallow.read())]).toEqual([A, B]);
    await shallow.update({ add: [], remove: [A, B] });
    expect(existsSync(path)).toBe(false);
  });

  test('that is cut anywhere never names another commit', async () => {
    const text = `${A}\n${B}\n`;
    const { shallow, path } = await withFile(text);
    for (let end = 0; end < text.length; end++) {
      writeFileSync(path, text.slice(0, end));
      const read = await shallow.read().catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'MALFORMED', format: 'shallow' });
        return [];
      });
      expect([A, B]).toEqual(expect.arrayContaining([...read]));
    }
  });

  test.each([
    ['a short object id', `${A}\n${B.slice(1)}\n`, 41],
    ['an object id of another algorithm', `${'a'.repeat(64)}\n`, 0],
    ['an object id in capitals', `${A.toUpperCase()}\n`, 0],
    ['white space', `${A} \n`, 0],
    ['zero bytes, as a power loss leaves them', '\0'.repeat(41), 0],
  ])('with %s is refused, and not replaced', async (_problem, text, offset) => {
    const { shallow, path } = await withFile(text);
    const malformed = { code: 'MALFORMED', format: 'shallow', offset };
    await expect(shallow.read()).rejects.toMatchObject(malformed);
    await expect(shallow.update({ add: [A], remove: [] })).rejects.toMatchObject(malformed);
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });
});
