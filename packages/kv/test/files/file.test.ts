import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { type FileRepo, type OpenMode, open, openRepo } from '../../src/files/index.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A temporary repository with `old.txt`. */
async function withOld(content: string | Uint8Array = 'one\ntwo\n'): Promise<FileRepo> {
  const repo = await openRepo();
  await repo.open('old.txt', 'wb', (file) => file.write(typeof content === 'string' ? utf8(content) : content));
  return repo;
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of source) found.push(one);
  return found;
}

describe('G2 modes', () => {
  test.each<[OpenMode, string, string | undefined]>([
    // mode, what `old.txt` holds after writing `XY`, or why it cannot be written
    ['r', 'one\ntwo\n', 'mode r'],
    ['w', 'XY', undefined],
    ['a', 'one\ntwo\nXY', undefined],
    ['r+', 'XYe\ntwo\n', undefined],
    ['w+', 'XY', undefined],
    ['a+', 'one\ntwo\nXY', undefined],
  ])('%s on a file that is there', async (mode, expected, problem) => {
    const repo = await withOld();
    const written = repo.open('old.txt', mode, (file) => file.write('XY'));
    if (problem === undefined) expect(await written).toBe(2);
    else await expect(written).rejects.toThrow(problem);
    expect(await repo.readText('old.txt')).toBe(expected);
  });

  test.each<[OpenMode, string | undefined]>([
    ['r', 'KEY_NOT_FOUND'],
    ['r+', 'KEY_NOT_FOUND'],
    ['w', undefined],
    ['a', undefined],
    ['x', undefined],
    ['w+b', undefined],
    ['ab+', undefined],
  ])('%s on a file that is not there', async (mode, code) => {
    const repo = await withOld();
    if (code === undefined) {
      await repo.open('new.txt', mode, () => {});
      expect(await repo.readText('new.txt')).toBe('');
    } else await expect(repo.open('new.txt', mode)).rejects.toMatchObject({ code });
  });

  test('x is for a file that is not there', async () => {
    const repo = await withOld();
    await expect(repo.open('old.txt', 'x')).rejects.toMatchObject({ code: 'ALREADY_PRESENT' });
  });

  test.each(['', 'rw', 'b', 'rbt', 'r++', 'R'])('%j is no mode', async (mode) => {
    const repo = await withOld();
    await expect(repo.open('old.txt', mode as OpenMode)).rejects.toThrow(RangeError);
  });

  test('a file that is only written is not read', async () => {
    const repo = await withOld();
    await expect(repo.open('old.txt', 'a', (file) => file.read())).rejects.toThrow(/old.txt.*mode a/);
  });

  test('a directory is no file, and nothing is below a file', async () => {
    const repo = await withOld();
    await repo.open('dir/inner', 'w', (file) => file.write('x'));
    await expect(repo.open('dir', 'w')).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
    await expect(repo.open('/', 'r')).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
    await expect(repo.open('old.txt/below', 'w')).rejects.toMatchObject({ code: 'DICTIONARY_EXPECTED' });
    await expect(repo.open('.git/config', 'w')).rejects.toMatchObject({ code: 'INVALID_KEY' });
  });
});

describe('G2 text and bytes', () => {
  test('text is read and counted in characters, bytes in bytes', async () => {
    const repo = await withOld('naïve 🙂 text');
    await repo.open('old.txt', 'r', async (file) => {
      expect(await file.read(3)).toBe('naï');
      expect(file.position).toBe(4);
      expect(await file.read(4)).toBe('ve 🙂');
      expect(await file.read(0)).toBe('');
      expect(await file.read()).toBe(' text');
      expect(await file.read(5)).toBe('');
      for (const count of [1.5, -1, Number.NaN]) await expect(file.read(count)).rejects.toThrow(RangeError);
    });
    await repo.open('old.txt', 'rb', async (file) => {
      expect(await file.read(3)).toEqual(utf8('naï').subarray(0, 3));
      expect(await file.seek(-5, 'end')).toBe(11);
      expect(await file.readText()).toBe(' text');
    });
    expect(await repo.open('new.txt', 'w', (file) => file.write('🙂é'))).toBe(2);
    expect(await repo.open('new.bin', 'wb', (file) => file.write(utf8('🙂é')))).toBe(6);
  });

  test('what is written must fit the mode', async () => {
    const repo = await withOld();
    await repo.open('old.txt', 'r+', async (file) => {
      await expect(file.write(utf8('x') as never)).rejects.toThrow(TypeError);
    });
    await repo.open('old.txt', 'r+b', async (file) => {
      await expect(file.write('x' as never)).rejects.toThrow(TypeError);
    });
  });

  test('a character may be split over two writes', async () => {
    const repo = await withOld();
    const [high, low] = ['🙂'.slice(0, 1), '🙂'.slice(1)];
    await repo.open('old.txt', 'w', async (file) => {
      expect(await file.write(`a${high}`)).toBe(1);
      expect(await file.write('')).toBe(0);
      expect(await file.write(`${low}b`)).toBe(2);
    });
    expect(await repo.readText('old.txt')).toBe('a🙂b');
  });

  test.each([
    ['a high surrogate before something else', ['\ud83dx']],
    ['a low surrogate', ['x\ude42']],
    ['a high surrogate that the next write does not go on with', ['\ud83d', 'x']],
    ['a high surrogate at the end of the file', ['\ud83d']],
  ])('%s is refused, and nothing is replaced', async (_what, texts) => {
    const repo = await withOld();
    const failing = repo.open('old.txt', 'w', async (file) => {
      for (const text of texts) await file.write(text);
    });
    await expect(failing).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    expect(await repo.readText('old.txt')).toBe('one\ntwo\n');
  });

  test('half a character has to be completed before anything else', async () => {
    const repo = await withOld();
    const file = await repo.open('old.txt', 'r+');
    await file.write('\ud83d');
    await expect(file.seek(0)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    await file.write('\ude42');
    await file.close();
    expect(await repo.readText('old.txt')).toBe('🙂two\n');
  });

  test('text that is not UTF-8 is an error that says where', async () => {
    const repo = await withOld(new Uint8Array([0x61, 0x62, 0xff]));
    await repo.open('old.txt', 'r', async (file) => {
      expect(await file.read(2)).toBe('ab');
      await expect(file.read()).rejects.toMatchObject({ code: 'MALFORMED', offset: 2 });
    });
  });

  test('other encodings are read, and not written', async () => {
    const repo = await withOld(new Uint8Array([0x61, 0xe9, 0x0a, 0x62]));
    const lines = await repo.open('old.txt', 'r', { encoding: 'latin1' }, (file) => all(file));
    expect(lines).toEqual(['aé', 'b']);
    await expect(repo.open('old.txt', 'a', { encoding: 'latin1' })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(repo.open('old.txt', 'r', { encoding: 'no-such' })).rejects.toThrow(RangeError);
  });
});

describe('G3 lines', () => {
  test.each([
    ['', []],
    ['one', ['one']],
    ['one\n', ['one']],
    ['one\r\ntwo\n\nthree\r', ['one', 'two', '', 'three\r']],
  ])('of %j', async (content, lines) => {
    const repo = await withOld(content);
    expect(await repo.open('old.txt', 'r', (file) => all(file))).toEqual(lines);
  });

  test('of bytes keep a carriage return', async () => {
    const repo = await withOld('a\r\nb');
    expect(await repo.open('old.txt', 'rb', (file) => all(file))).toEqual([utf8('a\r'), utf8('b')]);
  });

  test('a reading goes on where the lines ended', async () => {
    const repo = await withOld('one\ntwo\nthree\n');
    await repo.open('old.txt', 'r', async (file) => {
      for await (const line of file) if (line === 'one') break;
      expect(await file.read()).toBe('two\nthree\n');
    });
  });

  test('a line is as long as the limit at most', async () => {
    const repo = await withOld(`${'x'.repeat(10)}\r\n${'y'.repeat(11)}`);
    await repo.open('old.txt', 'r', async (file) => {
      const lines = file.lines({ maxBytes: 10 });
      expect((await lines.next()).value).toBe('x'.repeat(10));
      await expect(lines.next()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'lineBytes' });
    });
  });
});

describe('positions', () => {
  test('seek, overwrite, and lengthen with zeros', async () => {
    const repo = await withOld('0123456789');
    await repo.open('old.txt', 'r+', async (file) => {
      await file.seek(4);
      await file.write('xy');
      expect(await file.seek(2, 'current')).toBe(8);
      await file.truncate();
      expect(await file.size()).toBe(8);
      await file.seek(10);
      await file.write('!');
      await expect(file.seek(-1)).rejects.toThrow(RangeError);
    });
    expect(await repo.readText('old.txt')).toBe('0123xy67\0\0!');
    await repo.open('old.txt', 'r', async (file) => {
      await file.seek(100);
      expect(await file.read()).toBe('');
    });
  });

  test('what was cut off does not come back', async () => {
    const repo = await withOld('secret');
    await repo.open('old.txt', 'r+', async (file) => {
      await file.truncate(2);
      await file.truncate(6);
    });
    expect(await repo.readText('old.txt')).toBe('se\0\0\0\0');
  });

  test('a file opened to append is written at its end, and read where one is', async () => {
    const repo = await withOld('one');
    await repo.open('old.txt', 'a+', async (file) => {
      expect(file.position).toBe(3);
      await file.seek(0);
      expect(await file.read(1)).toBe('o');
      await file.write('!');
      expect(file.position).toBe(4);
    });
    expect(await repo.readText('old.txt')).toBe('one!');
  });

  test('calls that are not waited for happen in order', async () => {
    const repo = await withOld('');
    const file = await repo.open('old.txt', 'r+');
    const calls = [file.write('abc'), file.seek(1), file.write('B'), file.seek(0), file.read(), file.close()];
    expect((await Promise.all(calls))[4]).toBe('aBc');
    expect(await repo.readText('old.txt')).toBe('aBc');
    await expect(file.read()).rejects.toThrow(/closed/);
  });

  test('a value is as large as the limit at most', async () => {
    const repo = await openRepo(undefined, { limits: { valueBytes: 4 } });
    await expect(repo.open('a', 'w', (file) => file.write('12345'))).rejects.toMatchObject({ limit: 'valueBytes' });
    await expect(repo.open('a', 'w', (file) => file.truncate(5))).rejects.toMatchObject({ limit: 'valueBytes' });
  });
});

describe('several who write one file', () => {
  test('appended at the same time, all of it is there, in the order of closing', async () => {
    const repo = await withOld('0\n');
    await Promise.all([1, 2, 3].map((n) => repo.open('old.txt', 'a', (file) => file.write(`${n}\n`))));
    expect((await repo.readText('old.txt')).split('\n').sort().join('')).toBe('0123');
    const [first, second] = [await repo.open('new.bin', 'ab'), await repo.open('new.bin', 'ab')];
    await first.write(utf8('a'));
    await second.write(utf8('b'));
    await first.write(utf8('c'));
    await second.close();
    await first.close();
    expect(await repo.readText('new.bin')).toBe('bac');
  });

  test('as large as the limit at most', async () => {
    const repo = await openRepo(undefined, { limits: { valueBytes: 5 } });
    const [first, second] = [await repo.open('a', 'a'), await repo.open('a', 'a')];
    await first.write('123');
    await second.write('456');
    await first.close();
    await expect(second.close()).rejects.toMatchObject({ limit: 'valueBytes' });
    expect(await repo.readText('a')).toBe('123');
  });

  test.each<[OpenMode, OpenMode]>([
    ['w', 'w'],
    ['r+', 'a'],
    ['a', 'w'],
    ['a', 'a+'],
    ['a+', 'a'],
  ])('%s and then %s is refused, until the first is closed', async (first, second) => {
    const repo = await withOld();
    const file = await repo.open('old.txt', first);
    await expect(repo.open('old.txt', second)).rejects.toThrow(/old.txt.*open to write already/);
    expect(await repo.readText('old.txt')).toBe('one\ntwo\n');
    await file.close();
    await repo.open('old.txt', second, () => {});
  });

  test('x makes a file once', async () => {
    const repo = await openRepo();
    const made = await Promise.allSettled([1, 2].map((n) => repo.open('l', 'x', (file) => file.write(String(n)))));
    expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await repo.readText('l')).toBe('1');
  });

  test('a file that failed to open can be opened again', async () => {
    const repo = await openRepo();
    await expect(repo.open('a', 'r+')).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    await repo.open('a', 'w', () => {});
  });

  test('one who appends truncates alone, and then all of it', async () => {
    const repo = await withOld('one');
    const [first, second] = [await repo.open('old.txt', 'a'), await repo.open('old.txt', 'a')];
    await second.write(' two');
    await expect(first.truncate(1)).rejects.toThrow(/open to append elsewhere/);
    await second.close();
    await first.write(' three');
    await first.truncate(9);
    await expect(repo.open('old.txt', 'a')).rejects.toThrow(/open to write already/);
    await first.close();
    expect(await repo.readText('old.txt')).toBe('one two t');
  });
});

describe('G16 what is not closed has not happened', () => {
  test('an exception in the block discards', async () => {
    const repository = createMemoryRepository();
    await open(repository, 'a', 'w', (file) => file.write('before'));
    const failing = open(repository, 'a', 'w', async (file) => {
      await file.write('half of it');
      throw new Error('in the block');
    });
    await expect(failing).rejects.toThrow('in the block');
    await openRepo(repository, async (repo) => {
      expect(await repo.readText('a')).toBe('before');
      expect(await repo.log()).toHaveLength(1);
    });
  });

  test('so does a scope that ends without a close', async () => {
    const repository = createMemoryRepository();
    {
      await using file = await open(repository, 'a', 'w');
      await file.write('lost');
    }
    {
      await using file = await open(repository, 'b', 'w');
      await file.write('kept');
      await file.close();
    }
    await openRepo(repository, async (repo) => expect(await repo.listFiles()).toEqual(['b']));
  });

  test('of one file among several', async () => {
    const repository = createMemoryRepository();
    await openRepo(repository, async (repo) => {
      await repo.open('good', 'w', (file) => file.write('1'));
      const bad = repo.open('bad', 'w', () => Promise.reject(new Error('no')));
      await expect(bad).rejects.toThrow('no');
    });
    await openRepo(repository, async (repo) => expect(await repo.listFiles()).toEqual(['good']));
  });

  test('a file that was forgotten open is told, and nothing is committed', async () => {
    const repository = createMemoryRepository();
    const forgetful = openRepo(repository, async (repo) => {
      await (await repo.open('a', 'w')).write('x');
    });
    await expect(forgetful).rejects.toThrow('a is open to write');
    await openRepo(repository, (repo) => expect(repo.isEmpty).toBe(true));
  });

  test('reading makes no commit, nor does writing what is there', async () => {
    const repository = createMemoryRepository();
    await open(repository, 'a', 'w', (file) => file.write('same'));
    await open(repository, 'a', 'r', (file) => file.read());
    await open(repository, 'a', 'w', (file) => file.write('same'));
    await openRepo(repository, async (repo) => expect(await repo.log()).toHaveLength(1));
  });
});
