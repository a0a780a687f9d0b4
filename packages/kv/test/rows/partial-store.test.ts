import { createMemoryRepository } from '@git-kv/repository/memory';
import { allowAll, createGitServer } from '@git-kv/server';
import { expect, test } from 'vitest';
import { GitKv } from '../../src/index.js';
import { text } from '../support/remote.js';
import { contents } from '../support/ways.js';

test('M24 M31 M33 K29 the verbs work on a store that fetches what it needs, and a dictionary is moved without its values', async () => {
  const repository = createMemoryRepository();
  const server = createGitServer({ resolve: () => repository, authorize: allowAll });
  let received = 0;
  const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const answer = await (await server(new Request(url, init))).arrayBuffer();
    received += answer.byteLength;
    return new Response(answer, { headers: { 'content-type': typeOf(url) } });
  };
  const seed = await GitKv.open(repository);
  const large = Array.from({ length: 20_000 }, (_, n) => String.fromCharCode(33 + ((n * n) % 89))).join('');
  await seed.changeAndPush(async (batch) => {
    await batch.set('small', '0123456789', { permissions: 'exec' });
    for (const name of ['x', 'y', 'z']) await batch.set(`d/${name}`, `${name}${large}`);
  });
  const store = await GitKv.connect('http://localhost/store.git', { fetch, partial: true });
  await store.rename('d', 'moved/here');
  expect(received).toBeLessThan(10_000);
  expect(text(await store.getPartial('small', { offset: 2, length: 3 }))).toBe('234');
  await store.setPartial('small', { offset: 8 }, 'XYZ');
  await store.allocate('zeros', 2);
  await store.set('link', 'small', { permissions: 'link' });
  expect(received).toBeLessThan(10_000);
  await seed.pull();
  expect(await contents(seed)).toEqual({
    '/small': '01234567XYZ',
    '/zeros': '\0\0',
    ...Object.fromEntries(['x', 'y', 'z'].map((name) => [`/moved/here/${name}`, `${name}${large}`])),
  });
  expect(await seed.getWithPermissions('small')).toMatchObject({ permissions: 'exec' });
  expect(await seed.getWithPermissions('link')).toMatchObject({ permissions: 'link' });
});

function typeOf(url: string | URL | Request): string {
  const path = String(url instanceof Request ? url.url : url);
  const service = /git-(upload|receive)-pack/.exec(path)?.[0];
  return path.includes('?') ? `application/x-${service}-advertisement` : `application/x-${service}-result`;
}
