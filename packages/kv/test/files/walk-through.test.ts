import { createRepositoryTransport } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { jsonCodec } from '../../src/codecs/index.js';
import { type FileRepo, open, openRepo, type RepoOptions } from '../../src/files/index.js';

/** A remote in this process; each use of it is another client. */
function makeRemote(): { readonly url: string; readonly options: () => RepoOptions } {
  const repository = createMemoryRepository();
  let time = 1_700_000_000;
  return {
    url: 'https://example.com/notes.git',
    options: () => ({ transport: createRepositoryTransport(repository), clock: () => time++ * 1000 }),
  };
}

async function messages(repo: FileRepo, oids: readonly string[]): Promise<string[]> {
  return await Promise.all(oids.map((oid) => repo.message(oid)));
}

describe('G19 the walk through files of a repository', () => {
  test('G1 G2 G3 G5 G10 G11 G12 one file, several files in a commit, and their history', async () => {
    const { url, options } = makeRemote();
    expect(await open(url, 'yourfile', 'w', options(), (file) => file.write('Your content.'))).toBe(13);
    expect(await open(url, 'yourfile', 'r', options(), (file) => file.read())).toBe('Your content.');

    await openRepo(url, options(), async (repo) => {
      expect(await repo.open('yourfile', 'a', (file) => file.write('\nAdditional content.'))).toBe(20);
      const data = (await repo.readText('yourfile')).replace('Your', 'My');
      expect(await repo.open('yourfile', 'w', (file) => file.write(data))).toBe(31);
      expect(await repo.open('anotherfile', 'w', (file) => file.write('something'))).toBe(9);
      repo.commitMessage = 'Multiple edits';
    });

    const lines = await open(url, 'yourfile', 'r', options(), async (file) => {
      const found: string[] = [];
      for await (const line of file) found.push(line);
      return found;
    });
    expect(lines).toEqual(['My content.', 'Additional content.']);

    await openRepo(url, options(), async (repo) => {
      expect(await messages(repo, await repo.log())).toEqual(['Multiple edits', 'GitKV: yourfile']);
      await repo.open('anotherfile', 'r', async (file) => {
        expect(await messages(repo, await file.log())).toEqual(['Multiple edits']);
      });
      await repo.open('yourfile', 'r', async (file) => {
        const [commit] = await file.log({ filter: async (oid) => (await repo.message(oid)) === 'GitKV: yourfile' });
        expect(await file.show(commit)).toBe('Your content.');
      });
    });
  });

  test('G11 a file in a directory, as each of its commits left it', async () => {
    const repo = await openRepo();
    await repo.open('dossier/afile', 'w', (file) => file.write('Initial'));
    await repo.sync();
    await repo.open('dossier/afile', 'w', (file) => file.write('Edit'));
    await repo.sync();
    const shown = await repo.open('dossier/afile', 'r', async (file) => {
      return await Promise.all((await file.log()).map((oid) => file.show(oid)));
    });
    expect(shown).toEqual(['Edit', 'Initial']);
    await repo.close();
  });

  test('G15 JSON, by a codec', async () => {
    await openRepo(async (repo) => {
      await repo.open('jsonfile', 'w', (file) => file.encode({ success: 'ok' }, jsonCodec()));
      expect(await repo.open('jsonfile', 'r', (file) => file.decode(jsonCodec()))).toEqual({ success: 'ok' });
    });
  });

  test('G8 G10 G14 a conflict of two clones is decided, and the log shows both lines', async () => {
    const { url, options } = makeRemote();
    const a = await openRepo(url, options());
    await a.open('myfile', 'w', (file) => file.write('Create myfile'));
    await a.commit('Create myfile');
    await a.push();
    const b = await openRepo(url, options());
    await b.open('myfile', 'w', (file) => file.write('\nB write'));
    await b.commit('B write');
    await b.open('otherfile', 'w', (file) => file.write('Create otherfile'));
    await b.commit('Create otherfile');
    await b.push();
    await a.open('myfile', 'w', (file) => file.write('\nA write'));
    await a.commit('A write');
    const failure = await a.sync().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'MERGE_CONFLICT',
      conflicts: [{ base: bytes('Create myfile'), ours: bytes('\nA write'), theirs: bytes('\nB write') }],
    });
    expect(a.conflicts.map(({ key }) => String(key))).toEqual(['/myfile']);
    await expect(a.sync()).rejects.toMatchObject({ code: 'MERGE_CONFLICT' });
    await a.open('myfile', 'w', (file) => file.write('Create myfile\nA write\nB write'));
    expect(a.conflicts).toEqual([]);
    await a.sync('Merge');
    await Promise.all([a.close(), b.close()]);

    await openRepo(url, options(), async (repo) => {
      await repo.open('myfile', 'r', async (file) => {
        const oids = await file.log({ order: 'topological-date' });
        expect(await messages(repo, oids)).toEqual(['Merge', 'A write', 'B write', 'Create myfile']);
      });
      expect(await repo.listFiles()).toEqual(['myfile', 'otherfile']);
    });
  });
});

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
