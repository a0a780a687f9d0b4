import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FileRepository, openRepository } from '@git-kv/repository/node-fs';
import { createGitServer, type ServerEvent } from '@git-kv/server';
import { type ListeningServer, listen } from '@git-kv/server/node';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { git, gitAsync, makeDirectory, removeDirectory, temporaryDirectory } from '../../../test/support/git.js';
import { makeRandomHistory } from '../../../test/support/random-history.js';

/** Fetches of git one after another into the same clone. */
const SHALLOW: readonly (readonly (readonly string[])[])[] = [
  [['--depth=2'], ['--deepen=2'], ['--depth=1'], ['--unshallow']],
  [['--shallow-since=1700002500'], ['--shallow-since=1700001000'], ['--unshallow']],
  [['--shallow-exclude=v1'], ['--deepen=1'], ['--depth=3']],
];

describe.each(['sha1', 'sha256'] as const)('git fetches from the server (%s)', (format) => {
  let root: string;
  let source: string;
  let repository: FileRepository;
  let server: ListeningServer;
  let url: string;
  let events: ServerEvent[] = [];
  beforeAll(async () => {
    root = makeDirectory();
    source = join(root, 'source.git');
    // git's own client fails now and then where dates are out of order.
    makeRandomHistory(source, format, 7, false);
    repository = await openRepository(source);
    server = await listen({
      server: createGitServer({
        resolve: (path) => (path === 'source.git' ? repository : undefined),
        upload: { sessionId: 'ours', allowSidebandAll: true },
        onEvent: (event) => void events.push(event),
      }),
    });
    url = `${server.url}/source.git`;
  });
  afterAll(async () => {
    await server.close();
    await repository.close();
    removeDirectory(root);
  });
  beforeEach(() => {
    events = [];
  });

  const run = async (args: readonly string[], cwd?: string): Promise<string> => {
    const ended = await gitAsync(args, cwd === undefined ? {} : { cwd });
    expect(ended, args.join(' ')).toMatchObject({ code: 0 });
    return ended.stdout.trimEnd();
  };

  test.each([['blob:none'], ['blob:limit=1k'], ['tree:0'], ['tree:2'], ['combine:blob:none+tree:3']])(
    'as a partial clone with %s, which fills itself in',
    async (filter) => {
      const directory = join(temporaryDirectory(), 'clone');
      await run(['clone', '-q', '--no-checkout', `--filter=${filter}`, url, directory]);
      const objects = (cwd: string, ...args: string[]): Promise<string> =>
        run(['rev-list', '--objects', '--no-object-names', '--all', ...args], cwd);
      const here = (await objects(directory, '--missing=print')).split('\n').filter((line) => !line.startsWith('?'));
      const expected = await objects(source, `--filter=${filter}`);
      expect(here.sort()).toEqual(expect.arrayContaining(expected.split('\n')));
      expect(here.length).toBeLessThan((await objects(source)).split('\n').length);
      await run(['checkout', '-q', 'main'], directory);
      expect(await run(['ls-tree', '-r', '-t', 'HEAD'], directory)).toBe(
        await run(['ls-tree', '-r', '-t', 'main'], source),
      );
      expect(await run(['diff', '--stat', 'HEAD'], directory)).toBe('');
      expect(await run(['log', '--all', '--stat', '--format=%H'], directory)).not.toBe('');
      await run(['fsck', '--strict'], directory);
    },
  );

  test.each(SHALLOW.map((steps) => [steps]))('with the boundary that git gives, %j', async (steps) => {
    const clones = { ours: join(temporaryDirectory(), 'ours'), theirs: join(temporaryDirectory(), 'theirs') };
    const remotes = { ours: url, theirs: `file://${source}` };
    for (const who of ['ours', 'theirs'] as const) {
      await run(['init', '-q', `--object-format=${format}`, clones[who]]);
      await run(['remote', 'add', 'origin', remotes[who]], clones[who]);
    }
    for (const args of steps) {
      const fetch = ['fetch', '-q', ...args, 'origin', 'main', 'side'];
      await run(fetch, clones.ours);
      // git says of commits that it does not send that they are shallow, and then fails because of them.
      if ((await gitAsync(fetch, { cwd: clones.theirs })).code !== 0) break;
      const boundary = async (who: keyof typeof clones): Promise<string[]> => {
        const path = join(clones[who], '.git', 'shallow');
        const lines = existsSync(path) ? readFileSync(path, 'utf8').trimEnd() : '';
        const known = await gitAsync(['cat-file', '--batch-check'], { cwd: clones[who], input: lines });
        return known.stdout
          .split('\n')
          .filter((line) => line.includes('commit'))
          .sort();
      };
      expect(await boundary('ours')).toEqual(await boundary('theirs'));
      await run(['fsck', '--strict', '--no-dangling'], clones.ours);
    }
  });

  test('in protocol version 0 too: in part, and from a time on', async () => {
    const directory = join(temporaryDirectory(), 'clone');
    const clone = ['-c', 'protocol.version=0', 'clone', '-q', '--no-checkout', '--filter=tree:1'];
    await run([...clone, '--shallow-since=1700002500', '--no-single-branch', url, directory]);
    const count = async (cwd: string, ...args: string[]): Promise<string[]> =>
      (await run(['rev-list', '--objects', '--no-object-names', 'HEAD', ...args], cwd)).split('\n').sort();
    const here = await count(directory, '--filter=tree:1');
    const theirs = join(temporaryDirectory(), 'theirs');
    git(['config', 'uploadpack.allowFilter', 'true'], { cwd: source });
    await run([...clone, '--shallow-since=1700002500', '--no-single-branch', `file://${source}`, theirs]);
    expect(here).toEqual(await count(theirs, '--filter=tree:1'));
    await run(['-c', 'protocol.version=0', 'checkout', '-q', 'main'], directory);
  });

  test('by name, and says who it is', async () => {
    const directory = join(temporaryDirectory(), 'clone');
    await run(['init', '-q', `--object-format=${format}`, directory]);
    const options = ['-c', 'transfer.advertiseSID=true', 'fetch', '-q', '-o', 'first', '-o', 'second=2'];
    await run([...options, url, 'refs/heads/main:refs/heads/mine'], directory);
    expect(await run(['rev-parse', 'mine'], directory)).toBe(git(['rev-parse', 'main'], { cwd: source }));
    const fetched = events.find((event) => event.kind === 'command' && event.command === 'fetch');
    expect(fetched).toMatchObject({
      path: 'source.git',
      agent: expect.stringMatching(/^git\//),
      sessionId: expect.stringMatching(/./),
      serverOptions: ['first', 'second=2'],
    });
  });

  test('asks only what it has in common, where it is told to negotiate only', async () => {
    const directory = join(temporaryDirectory(), 'clone');
    await run(['clone', '-q', '--bare', url, directory]);
    const tip = git(['rev-parse', 'main'], { cwd: source });
    const common = await run(['fetch', '--negotiate-only', `--negotiation-tip=${tip}`, url], directory);
    expect(common.split('\n')).toContain(tip);
  });
});

describe('a server says', () => {
  const announced = async (upload: Parameters<typeof createGitServer>[0]['upload']): Promise<string> => {
    const { createMemoryRepository } = await import('@git-kv/repository/memory');
    const server = createGitServer({ resolve: () => createMemoryRepository(), ...(upload && { upload }) });
    const response = await server(
      new Request('http://x/r.git/info/refs?service=git-upload-pack', { headers: { 'Git-Protocol': 'version=2' } }),
    );
    return await response.text();
  };

  test('what it does, and no more', async () => {
    const all = await announced(undefined);
    expect(all).toContain('fetch=shallow wait-for-done filter ref-in-want\n');
    expect(all).toContain('server-option\n');
    expect(all).toContain('object-info\n');
    expect(all).not.toContain('session-id');
    const none = await announced({
      allowFilter: false,
      allowRefInWant: false,
      allowObjectInfo: false,
      sessionId: 'x1',
    });
    expect(none).toContain('fetch=shallow wait-for-done\n');
    expect(none).toContain('session-id=x1\n');
    expect(none).not.toContain('object-info');
    expect(await announced(() => ({ allowSidebandAll: true }))).toContain('sideband-all\n');
  });
});
