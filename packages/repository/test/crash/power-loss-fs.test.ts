import { describe, expect, test } from 'vitest';
import { Random } from '../../../../test/fuzz/lib/random.js';
import type { FileHandle } from '../../src/engines/file/index.js';
import { type DiskImage, listFiles, losePower } from '../support/disk-image.js';
import { PowerLossFs } from '../support/power-loss-fs.js';
import { drawLoss, KEEP_ALL, LOSE_ALL, lossStates } from '../support/power-loss-states.js';

const text = (word: string): Uint8Array => new TextEncoder().encode(word);

/** The files of an image as one line, `path=content`; zeros are `0`. */
function describeFiles(image: DiskImage): string {
  const words = [...listFiles(image)].map(([path, bytes]) => {
    return `${path}=${new TextDecoder().decode(bytes).replaceAll('\0', '0')}`;
  });
  return words.join(' ');
}

async function create(fs: PowerLossFs, path: string, word: string): Promise<FileHandle> {
  const handle = await fs.open(path, 'create');
  await handle.write(text(word), 0);
  return handle;
}

/** A file `/a` that holds `old`, all of it durable. */
async function withOldFile(): Promise<DiskImage> {
  const fs = new PowerLossFs();
  await create(fs, '/a', 'old');
  return losePower(fs.image, KEEP_ALL);
}

const sequences: [name: string, run: (fs: PowerLossFs) => Promise<void>, states: readonly string[]][] = [
  [
    'a new file that nothing synchronised may be absent, empty, zeros, cut or whole',
    async (fs) => void (await create(fs, '/b', 'new')),
    [
      '/a=old',
      '/a=old /b=',
      '/a=old /b=0',
      '/a=old /b=00',
      '/a=old /b=000',
      '/a=old /b=n',
      '/a=old /b=ne',
      '/a=old /b=new',
    ],
  ],
  [
    'a file that is synchronised, but not its name, is absent or whole',
    async (fs) => {
      const handle = await create(fs, '/b', 'new');
      await handle.sync();
    },
    ['/a=old', '/a=old /b=new'],
  ],
  [
    'a name that is synchronised, but not its data, may be empty',
    async (fs) => {
      await create(fs, '/b', 'n');
      await fs.syncDirectory('/');
    },
    ['/a=old /b=', '/a=old /b=0', '/a=old /b=n'],
  ],
  [
    'a write without sync and a rename may leave the file of that name empty',
    async (fs) => {
      await create(fs, '/t', 'n');
      await fs.rename('/t', '/a');
    },
    ['/a=', '/a= /t=', '/a=0', '/a=0 /t=0', '/a=n', '/a=n /t=n', '/a=old', '/a=old /t=', '/a=old /t=0', '/a=old /t=n'],
  ],
  [
    'a sync and a rename leave the old file or the new one',
    async (fs) => {
      const handle = await create(fs, '/t', 'new');
      await handle.sync();
      await fs.rename('/t', '/a');
    },
    ['/a=new', '/a=new /t=new', '/a=old', '/a=old /t=new'],
  ],
  [
    'a sync, a rename and a sync of the directory leave the new file',
    async (fs) => {
      const handle = await create(fs, '/t', 'new');
      await handle.sync();
      await fs.rename('/t', '/a');
      await fs.syncDirectory('/');
    },
    ['/a=new'],
  ],
  ['a removed file comes back unless its directory is synchronised', async (fs) => fs.unlink('/a'), ['', '/a=old']],
  [
    'a name is one of those that it was, whatever other names are',
    async (fs) => {
      const handle = await create(fs, '/t', '1');
      await handle.sync();
      await fs.rename('/t', '/a');
      const again = await create(fs, '/t', '2');
      await again.sync();
      await fs.rename('/t', '/a');
    },
    ['/a=1', '/a=1 /t=1', '/a=1 /t=2', '/a=2', '/a=2 /t=1', '/a=2 /t=2', '/a=old', '/a=old /t=1', '/a=old /t=2'],
  ],
  [
    'a directory that is not durable takes what is in it along',
    async (fs) => {
      await fs.mkdir('/d');
      const handle = await create(fs, '/d/b', 'new');
      await handle.sync();
      await fs.syncDirectory('/d');
    },
    ['/a=old', '/a=old /d/b=new'],
  ],
  [
    'a second name is lost by itself, and has the same bytes',
    async (fs) => {
      await fs.link('/a', '/b');
      const handle = await fs.open('/b', 'append');
      await handle.write(text('1'), 0);
    },
    ['/a=old', '/a=old /b=old', '/a=old0', '/a=old0 /b=old0', '/a=old1', '/a=old1 /b=old1'],
  ],
  [
    'appended bytes may be missing, and what was synchronised before them stays',
    async (fs) => {
      const handle = await fs.open('/a', 'append');
      await handle.write(text('1'), 0);
      await handle.sync();
      await handle.write(text('2'), 0);
    },
    ['/a=old1', '/a=old10', '/a=old12'],
  ],
];

describe('the simulated disk after a power loss', () => {
  test.each(sequences)('%s', async (_name, run, states) => {
    const fs = new PowerLossFs(await withOldFile());
    await run(fs);
    const drawn = new Set<string>();
    for (let stream = 0; stream < 4000; stream++) {
      drawn.add(describeFiles(losePower(fs.image, drawLoss(new Random(1, stream)))));
    }
    expect([...drawn].sort()).toEqual([...states].sort());
    for (const [name, state] of lossStates(fs.image)) {
      expect([name, states.includes(describeFiles(state))]).toEqual([name, true]);
    }
    expect(states).toContain(describeFiles(losePower(fs.image, KEEP_ALL)));
    expect(describeFiles(losePower(fs.image, KEEP_ALL))).toBe(describeFiles(fs.image));
  });

  test('tears a file at sectors of 512 bytes, each whole or not at all', async () => {
    const fs = new PowerLossFs();
    const handle = await fs.open('/f', 'create');
    await handle.write(new Uint8Array(2000).fill(1), 0);
    await handle.sync();
    await fs.syncDirectory('/');
    await handle.write(new Uint8Array(1000).fill(2), 500);
    const seen = new Set<string>();
    for (let stream = 0; stream < 4000; stream++) {
      const bytes = listFiles(losePower(fs.image, drawLoss(new Random(2, stream)))).get('/f') as Uint8Array;
      expect(bytes.length).toBe(2000);
      const runs = [
        [500, 512],
        [512, 1024],
        [1024, 1500],
      ].map(([start, end]) => new Set(bytes.subarray(start, end)));
      expect(runs.every((run) => run.size === 1)).toBe(true);
      expect(new Set([...bytes.subarray(0, 500), ...bytes.subarray(1500)])).toEqual(new Set([1]));
      seen.add(runs.map((run) => [...run][0]).join(''));
    }
    expect(seen.size).toBe(8);
  });

  test('is what a sequence of states was at each call, whatever happened later', async () => {
    const fs = new PowerLossFs(undefined, { record: true });
    const handle = await create(fs, '/a', 'one');
    await handle.sync();
    await fs.syncDirectory('/');
    await fs.unlink('/a');
    expect(fs.history.map((image) => describeFiles(image))).toEqual(['', '/a=', '/a=one', '/a=one', '/a=one', '']);
    expect(fs.history.map((image) => describeFiles(losePower(image, LOSE_ALL)))).toEqual([
      '',
      '',
      '',
      '',
      '/a=one',
      '/a=one',
    ]);
  });
});

describe('the simulated disk', () => {
  const refusals: [call: string, run: (fs: PowerLossFs) => Promise<unknown>, code: string][] = [
    ['reading a file that is not there', (fs) => fs.readFile('/x'), 'ENOENT'],
    ['reading a directory', (fs) => fs.readFile('/d'), 'EISDIR'],
    ['a path through a file', (fs) => fs.stat('/d/f/x'), 'ENOTDIR'],
    ['creating what is there', (fs) => fs.open('/d/f', 'create'), 'EEXIST'],
    ['creating in no directory', (fs) => fs.open('/x/f', 'create'), 'ENOENT'],
    ['appending to a directory', (fs) => fs.open('/d', 'append'), 'EISDIR'],
    ['linking to a name that is taken', (fs) => fs.link('/d/f', '/e'), 'EEXIST'],
    ['a second name of a directory', (fs) => fs.link('/d', '/g'), 'EPERM'],
    ['making a directory twice', (fs) => fs.mkdir('/d'), 'EEXIST'],
    ['removing a directory that has files', (fs) => fs.rmdir('/d'), 'ENOTEMPTY'],
    ['removing a file as a directory', (fs) => fs.rmdir('/d/f'), 'ENOTDIR'],
    ['removing a directory as a file', (fs) => fs.unlink('/d'), 'EISDIR'],
    ['renaming a file over a directory', (fs) => fs.rename('/d/f', '/e'), 'EISDIR'],
    ['renaming a directory over a file', (fs) => fs.rename('/e', '/d/f'), 'ENOTDIR'],
  ];
  test.each(refusals)('refuses %s', async (_call, run, code) => {
    const fs = new PowerLossFs();
    await fs.mkdir('/d');
    await fs.mkdir('/e');
    await create(fs, '/d/f', 'x');
    await expect(run(fs)).rejects.toMatchObject({ code });
  });

  test('fails the call it is told to, and lets a part of a write through', async () => {
    const fs = new PowerLossFs(undefined, {
      fault: ({ name }) => (name === 'handle.write' ? { code: 'ENOSPC', written: 2 } : undefined),
    });
    await expect(create(fs, '/a', 'four')).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(describeFiles(fs.image)).toBe('/a=fo');
  });

  test('reads files that were removed while they were open', async () => {
    const fs = new PowerLossFs();
    const handle = await create(fs, '/a', 'word');
    await fs.unlink('/a');
    const output = new Uint8Array(8);
    expect(await handle.read(output, 1)).toBe(3);
    expect(await handle.size()).toBe(4);
  });
});
