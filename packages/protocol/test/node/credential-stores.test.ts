import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Credentials,
  type CredentialsStore,
  chainCredentials,
  connectUploadPack,
  createHttpTransport,
  serializeV2Advertisement,
} from '@git-kv/protocol';
import { createHelperCredentials, createNetrcCredentials, credentialSettings, parseNetrc } from '@git-kv/protocol/node';
import { beforeEach, describe, expect, test } from 'vitest';
import { gitAsync, gitEnv, temporaryDirectory } from '../../../../test/support/git.js';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory('credentials');
});

const URL_ = 'https://example.com:8443/a/b.git';
const REQUEST = { url: URL_, attempt: 1 };

/** A helper that writes down what it is asked, and answers so. */
function helper(name: string, answer: string): string {
  const path = join(directory, name);
  writeFileSync(
    path,
    `#!/bin/sh\n{ echo "$# $1"; cat; } >> ${path}.log\n[ "$1" = get ] && printf '${answer}'\nexit 0\n`,
  );
  chmodSync(path, 0o700);
  return path;
}
const log = (path: string): string => (existsSync(`${path}.log`) ? readFileSync(`${path}.log`, 'utf8') : '');

describe("git's credential helpers", () => {
  test('are asked as git asks them, until one knows', async () => {
    const ignorant = helper('ignorant', '');
    const knowing = helper('knowing', 'username=ann\\npassword=s3cret\\n');
    const unasked = helper('unasked', 'username=bob\\npassword=x\\n');
    const store = createHelperCredentials({ helpers: [ignorant, knowing, unasked], environment: gitEnv });
    expect(await store.get(REQUEST)).toEqual({ username: 'ann', password: 's3cret' });
    expect(log(ignorant)).toBe('1 get\nprotocol=https\nhost=example.com:8443\n\n');
    expect(log(knowing)).toBe(log(ignorant));
    expect(log(unasked)).toBe('');
  });

  test('put together what they know', async () => {
    const helpers = [helper('name', 'username=ann\\n'), helper('password', 'password=s3cret\\n')];
    const store = createHelperCredentials({ helpers, environment: gitEnv });
    expect(await store.get(REQUEST)).toEqual({ username: 'ann', password: 's3cret' });
    expect(log(helpers[1] as string)).toContain('username=ann\n');
  });

  test('are told what was good and what was not', async () => {
    const path = helper('h', 'username=ann\\npassword=s3cret\\n');
    const store = createHelperCredentials({ helpers: [path], environment: gitEnv });
    const credentials = { username: 'ann', password: 's3cret' };
    await store.approve?.(credentials, REQUEST);
    await store.reject?.(credentials, REQUEST);
    const attributes = 'protocol=https\nhost=example.com:8443\nusername=ann\npassword=s3cret\n\n';
    expect(log(path)).toBe(`1 store\n${attributes}1 erase\n${attributes}`);
    // It cannot forget, and would be refused again.
    expect(await store.get({ ...REQUEST, attempt: 2 })).toBeUndefined();
  });

  test('hear the path, the name and nothing else, where they are to', async () => {
    const path = helper('h', '');
    const options = { helpers: [path], environment: gitEnv };
    await createHelperCredentials({ ...options, useHttpPath: true, username: 'eve' }).get(REQUEST);
    expect(log(path)).toContain('path=a/b.git\nusername=eve\n');
    await createHelperCredentials(options).get({ ...REQUEST, username: 'ann' });
    expect(log(path)).toContain('host=example.com:8443\nusername=ann\n');
  });

  test.each([
    ['quits', 'quit=1\\n'],
    ['says where to log in instead', 'host=evil.example\\nusername=ann\\n'],
    ['says nothing of use', 'x\\n=\\n\\n'],
  ])('one that %s gives no credentials', async (_what, answer) => {
    const store = createHelperCredentials({ helpers: [helper('h', answer)], environment: gitEnv });
    expect(await store.get(REQUEST)).toBeUndefined();
  });

  test.each([
    ['is not there', '/nonexistent/helper'],
    ['fails', '!exit 1'],
    ['answers without end', '!yes username=ann'],
  ])('one that %s is passed over', async (_what, broken) => {
    const good = helper('good', 'username=ann\\npassword=s3cret\\n');
    const store = createHelperCredentials({ helpers: [broken, good], environment: gitEnv });
    expect(await store.get(REQUEST)).toEqual({ username: 'ann', password: 's3cret' });
  });

  test('are not told of a name with a line break, which would be another host', async () => {
    const path = helper('h', '');
    const store = createHelperCredentials({ helpers: [path], environment: gitEnv });
    for (const username of ['ann\nhost=evil.example', 'ann\r', 'ann\0']) {
      await expect(store.get({ ...REQUEST, username })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    }
    await expect(
      createHelperCredentials({ helpers: [path], environment: gitEnv, useHttpPath: true }).get({
        ...REQUEST,
        url: 'https://example.com/a%0ahost=evil.example',
      }),
    ).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(log(path)).toBe('');
  });

  test.each(['https://example.com/%ff', 'me@host:path'])('are not asked about %s', async (url) => {
    const store = createHelperCredentials({ helpers: [helper('h', '')], environment: gitEnv, useHttpPath: true });
    await expect(store.get({ ...REQUEST, url })).rejects.toMatchObject({ code: 'INVALID_URL' });
  });

  test("are git's own programs where they have a bare name", async () => {
    const file = join(directory, 'store');
    const store = createHelperCredentials({ helpers: [`store --file=${file}`], environment: gitEnv });
    expect(await store.get(REQUEST)).toBeUndefined();
    await store.approve?.({ username: 'ann', password: 's3/cret' }, REQUEST);
    expect(readFileSync(file, 'utf8')).toBe('https://ann:s3%2fcret@example.com%3a8443\n');
    expect(await store.get(REQUEST)).toEqual({ username: 'ann', password: 's3/cret' });
    await store.reject?.({ username: 'ann', password: 's3/cret' }, REQUEST);
    expect(readFileSync(file, 'utf8')).toBe('');
  });
});

describe('settings of credential helpers', () => {
  const setting = (subsection: string | undefined, name: string, value?: string) => ({
    section: 'credential',
    subsection,
    name,
    value,
  });

  test('add up, and an empty one begins anew', () => {
    const settings = [
      setting(undefined, 'helper', 'a'),
      setting(undefined, 'helper', ''),
      setting(undefined, 'helper', 'b'),
    ];
    expect(credentialSettings(URL_, settings).helpers).toEqual(['b']);
    expect(credentialSettings(URL_, []).helpers).toEqual([]);
  });

  test.each([
    ['https://example.com:8443', true],
    ['https://example.com:8443/', true],
    ['https://example.com:8443/a', true],
    ['https://example.com:8443/a/b.git', true],
    ['https://*.com:8443', true],
    ['https://ann@example.com:8443', false],
    ['https://example.com', false],
    ['http://example.com:8443', false],
    ['https://other.com:8443', false],
    ['https://example.com:8443/a/b', false],
    ['https://*:8443', false],
    ['example.com', false],
  ])('for %s fit: %s', (pattern, fits) => {
    expect(credentialSettings(URL_, [setting(pattern, 'helper', 'h')]).helpers).toEqual(fits ? ['h'] : []);
  });

  test.each(['https://example.com/a/b.git', 'https://EXAMPLE.com:443/a/b.git'])(
    'without a scheme are compared with %s as text, as by git credential fill',
    async (url) => {
      const names = [
        'example.com',
        'EXAMPLE.com',
        '*.com',
        'example%2ecom',
        'example.com:443',
        'EXAMPLE.com:443',
        'EXAMPLE%2ecom:443',
      ];
      const contexts = names.flatMap((name) => [name, `${name}/`, `${name}/a`, `${name}/a/b.git`, `ann@${name}`]);
      const log = join(directory, 'asked');
      writeFileSync(log, '');
      const helpers = contexts.flatMap((context) => [
        '-c',
        `credential.${context}.helper=!echo '${context}' >>'${log}'; :`,
      ]);
      const options = { cwd: directory, env: { GIT_TERMINAL_PROMPT: '0' }, input: `url=${url}\n` };
      expect(await gitAsync([...helpers, 'credential', 'fill'], options)).toMatchObject({ code: 128 });
      const settings = contexts.map((context) => setting(context, 'helper', context));
      expect(credentialSettings(url, settings).helpers).toEqual(readFileSync(log, 'utf8').split('\n').slice(0, -1));
    },
  );

  test.each([
    [undefined, false],
    ['ann', true],
    ['bob', false],
  ])('for the name ann are not those of %s: %s', (username, fits) => {
    const settings = [setting('https://ann@example.com:8443', 'helper', 'h')];
    expect(credentialSettings(URL_, settings, username).helpers).toEqual(fits ? ['h'] : []);
    const own = username === undefined ? URL_ : URL_.replace('//', `//${username}@`);
    expect(credentialSettings(own, settings).helpers).toEqual(fits ? ['h'] : []);
  });

  test('say the name and whether the path counts', () => {
    const settings = [setting(undefined, 'usehttppath'), setting(URL_, 'username', 'ann')];
    expect(credentialSettings(URL_, settings)).toMatchObject({ useHttpPath: true, username: 'ann' });
    expect(credentialSettings(URL_, [setting(undefined, 'usehttppath', 'false')])).toMatchObject({
      useHttpPath: false,
    });
  });
});

describe('netrc', () => {
  test.each([
    ['machine h login l password p', [['h', 'l', 'p']]],
    ['machine h\n  login l\n\tpassword p\n', [['h', 'l', 'p']]],
    [
      'machine a login b password c machine d login e password f',
      [
        ['a', 'b', 'c'],
        ['d', 'e', 'f'],
      ],
    ],
    ['default login l password p', [[undefined, 'l', 'p']]],
    ['machine h password p login l account x', [['h', 'l', 'p']]],
    ['machine h login "a b" password "c\\"d"', [['h', 'a b', 'c"d']]],
    ['machine h password #p login l', [['h', 'l', '#p']]],
    [
      'machine h login l password #p\r\nmachine i login m password q#\r\n',
      [
        ['h', 'l', '#p'],
        ['i', 'm', 'q#'],
      ],
    ],
    ['machine h login password password # # login x', [['h', 'password', '#']]],
    ['# macdef x\r\nmacdef y\r\nmachine z\r\n\r\nmachine h login macdef password p', [['h', 'macdef', 'p']]],
    ['# machine x\nmachine h login l # a comment\npassword #p', [['h', 'l', '#p']]],
    ['macdef init\nmachine x login y\n\nmachine h login l password p', [['h', 'l', 'p']]],
    ['machine h login', [['h', undefined, undefined]]],
    ['login l password p', []],
    ['', []],
  ])('%j is read', (text, expected) => {
    expect(parseNetrc(text).map(({ machine, login, password }) => [machine, login, password])).toEqual(expected);
  });

  test('gives what is for the host, and for the name where there is one; once', async () => {
    const file = join(directory, 'netrc');
    writeFileSync(
      file,
      'machine other login x password y\nmachine Example.com login ann password 1\nmachine example.com login bob password 2\ndefault login d password 3\n',
    );
    const store = createNetrcCredentials({ file });
    expect(await store.get(REQUEST)).toEqual({ username: 'ann', password: '1' });
    expect(await store.get({ ...REQUEST, username: 'bob' })).toEqual({ username: 'bob', password: '2' });
    expect(await store.get({ ...REQUEST, username: 'eve' })).toBeUndefined();
    expect(await store.get({ ...REQUEST, url: 'https://else/' })).toEqual({ username: 'd', password: '3' });
    expect(await store.get({ ...REQUEST, attempt: 2 })).toBeUndefined();
    expect(await createNetrcCredentials({ environment: { NETRC: file } }).get(REQUEST)).toBeDefined();
    expect(await createNetrcCredentials({ environment: { HOME: directory } }).get(REQUEST)).toBeUndefined();
    expect(await createNetrcCredentials({ environment: {} }).get(REQUEST)).toBeUndefined();
    expect(await store.get({ ...REQUEST, url: 'me@host:path' })).toBeUndefined();
  });

  test('that cannot be read is as absent at home, and an error where it was named', async () => {
    const file = join(directory, '.netrc');
    mkdirSync(file);
    expect(await createNetrcCredentials({ environment: { HOME: directory } }).get(REQUEST)).toBeUndefined();
    for (const named of [{ file }, { environment: { NETRC: file } }]) {
      await expect(createNetrcCredentials(named).get(REQUEST)).rejects.toMatchObject({ code: 'IO_FAILED' });
    }
  });
});

describe('a transport', () => {
  const ADVERTISED = { 'content-type': 'application/x-git-upload-pack-advertisement' };
  const advertisement = serializeV2Advertisement([{ name: 'ls-refs' }]);

  test('tells the store which credentials were good and which were not, once each', async () => {
    const told: string[] = [];
    const store: CredentialsStore = {
      get: async ({ attempt }) => ({ username: 'ann', password: `p${attempt}` }),
      approve: async (credentials) => void told.push(`good ${JSON.stringify(credentials)}`),
      reject: async (credentials) => void told.push(`bad ${JSON.stringify(credentials)}`),
    };
    const transport = createHttpTransport('http://host/r', {
      credentials: store,
      fetch: async (_url, init) => {
        const authorization = new Headers(init.headers).get('authorization');
        if (authorization !== `Basic ${btoa('ann:p2')}`) return new Response('', { status: 401 });
        return new Response(advertisement as Uint8Array<ArrayBuffer>, { headers: ADVERTISED });
      },
    });
    await connectUploadPack(transport);
    await connectUploadPack(transport);
    expect(told).toEqual(['bad {"username":"ann","password":"p1"}', 'good {"username":"ann","password":"p2"}']);
  });

  test('approves of nothing where the server fails otherwise', async () => {
    const told: string[] = [];
    let count = 0;
    const transport = createHttpTransport('http://host/r', {
      credentials: {
        get: async () => ({ token: 't' }),
        approve: async () => void told.push('good'),
        reject: async () => void told.push('bad'),
      },
      fetch: async () => new Response('', { status: count++ === 0 ? 401 : 403 }),
    });
    await expect(connectUploadPack(transport)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    expect(told).toEqual([]);
  });

  test('goes on where the store fails to keep or to forget', async () => {
    const transport = createHttpTransport('http://host/r', {
      credentials: {
        get: async ({ attempt }) => ({ token: `t${attempt}` }),
        approve: () => Promise.reject(new Error('the disk is full')),
        reject: () => Promise.reject(new Error('the disk is full')),
      },
      fetch: async (_url, init) =>
        new Headers(init.headers).get('authorization') === 'Bearer t2'
          ? new Response(advertisement as Uint8Array<ArrayBuffer>, { headers: ADVERTISED })
          : new Response('', { status: 401 }),
    });
    expect((await connectUploadPack(transport)).algorithm.name).toBe('sha1');
  });

  test('lets go of the refusal where asking fails', async () => {
    let isLetGo = false;
    const body = new ReadableStream({ cancel: () => void (isLetGo = true) });
    const transport = createHttpTransport('http://host/r', {
      credentials: () => Promise.reject(new Error('nobody is there')),
      fetch: async () => new Response(body, { status: 401 }),
    });
    await expect(connectUploadPack(transport)).rejects.toThrow('nobody is there');
    expect(isLetGo).toBe(true);
  });

  test('asks a chain of stores, and tells those that were asked', async () => {
    const told: string[] = [];
    const link = (name: string, knows: boolean): CredentialsStore => ({
      get: async () => {
        told.push(`${name} asked`);
        return knows ? { username: name, password: 'x' } : undefined;
      },
      approve: async () => void told.push(`${name} told`),
    });
    const chain = chainCredentials(async () => undefined, link('a', false), link('b', true), link('c', true));
    const found = await chain.get(REQUEST);
    expect(found).toEqual({ username: 'b', password: 'x' });
    if (found !== undefined) await chain.approve?.(found, REQUEST);
    expect(told).toEqual(['a asked', 'b asked', 'a told', 'b told']);
  });

  test.each(['approve', 'reject'] as const)('tells (%s) no helper of what comes from before it', async (verdict) => {
    const told: string[] = [];
    const tell = async (credentials: Credentials): Promise<void> => void told.push(JSON.stringify(credentials));
    const answers = ['before', 'helper', 'after'];
    for (const from of answers) {
      const link = (name: string) => async () => (name === from ? { token: name } : undefined);
      const keeper = { get: link('helper'), approve: tell, reject: tell };
      const broken = { get: link('none'), [verdict]: () => Promise.reject(new Error('broken')) };
      const chain = chainCredentials(link('before'), broken, keeper, link('after'));
      const found = await chain.get(REQUEST);
      if (found !== undefined) await chain[verdict]?.(found, REQUEST);
    }
    expect(told).toEqual(['{"token":"helper"}', '{"token":"after"}']);
  });
});
