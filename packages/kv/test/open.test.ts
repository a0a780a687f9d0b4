import { generateKeyPairSync } from 'node:crypto';
import { formatSshPublicKey, parseAllowedSigners, sha1, sha256 } from '@git-kv/objects';
import { readSshPrivateKey, sshSigner, verifyCommit } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GitKv, Key, type KvReader } from '../src/index.js';
import { text } from './support/remote.js';

describe('GitKv.open', () => {
  test('begins empty: the root is a dictionary, and nothing was modified', async () => {
    const store = await GitKv.open(createMemoryRepository());
    expect(store.commit).toBeUndefined();
    expect(await store.exists('/')).toBe('dictionary');
    expect(await store.list()).toEqual([]);
    expect(await store.get('a')).toBeUndefined();
    expect(await store.lastModified('/')).toBeUndefined();
    expect(await store.pull()).toEqual([]);
  });

  test('moves the branch with each write and keeps the history', async () => {
    const repository = createMemoryRepository({ algorithm: sha256 });
    const store = await GitKv.open(repository, {
      branch: 'notes',
      author: 'Ann',
      authorEmail: 'ann@example.com',
      clock: () => 1_700_000_000_999,
    });
    await store.set('a', '1');
    const first = store.commit?.oid;
    await store.set('a', '2');
    expect(await repository.refs.read('refs/heads/notes')).toEqual({ oid: store.commit?.oid });
    const commit = await repository.objects.read(store.commit?.oid ?? '');
    expect(text(commit?.body)).toContain(`parent ${first}\nauthor Ann <ann@example.com> 1700000000 +0000\n`);
    expect(text(commit?.body)).toMatch(/\n\nCommitted by git-kv$/);
    expect(await store.lastModified('a')).toBe(1_700_000_000);
  });

  test('signs each commit where it is told to, and writes nothing where that fails', async () => {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const key = await readSshPrivateKey(pem);
    const allowedSigners = parseAllowedSigners(`me@x ${formatSshPublicKey(key.publicKey)}`);
    for (const algorithm of [sha1, sha256]) {
      const repository = createMemoryRepository({ algorithm });
      let isLocked = false;
      const signer = sshSigner(key);
      const sign = async (payload: Uint8Array) => {
        if (isLocked) throw new Error('The key is locked');
        return await signer(payload);
      };
      const store = await GitKv.open(repository, { sign });
      await store.set('a', '1');
      await store.changeAndPush(async (batch) => {
        await batch.set('b', '2');
      });
      const { oid } = store.commit as { oid: string };
      const verdict = await verifyCommit(repository.objects, oid, { allowedSigners });
      expect(verdict).toMatchObject({ status: 'good', principal: 'me@x' });
      isLocked = true;
      await expect(store.set('a', '3')).rejects.toThrow('The key is locked');
      expect(await store.getText('a')).toBe('1');
      expect(store.commit?.oid).toBe(oid);
      isLocked = false;
      await store.set('a', '3');
      expect(await store.getText('a')).toBe('3');
    }
  });

  test('pull takes over what another store wrote, and a write before it may be refused', async () => {
    const repository = createMemoryRepository();
    const [one, other] = [await GitKv.open(repository), await GitKv.open(repository)];
    await one.set('a', '1');
    await expect(other.set('b', '2', { onConflict: 'fail' })).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    expect(await other.get('b')).toBeUndefined();
    expect(await other.pull()).toEqual([{ kind: 'add', key: Key.of('a') }]);
    await other.set('b', '2');
    expect(await one.pull()).toEqual([{ kind: 'add', key: Key.of('b') }]);
  });

  test('takes a key or value of another type for a mistake of the caller, and says which', async () => {
    const store = await GitKv.open(createMemoryRepository());
    await expect(store.set('a', 5 as never)).rejects.toThrow(
      new TypeError('Cannot set the key /a: a value is text or a Uint8Array, and not of type number'),
    );
    for (const key of [5, undefined, {}]) await expect(store.get(key as never)).rejects.toThrow(TypeError);
    expect(store.commit).toBeUndefined();
  });

  test('refuses a branch that is none', async () => {
    await expect(GitKv.open(createMemoryRepository(), { branch: 'a..b' })).rejects.toMatchObject({
      code: 'INVALID_REF_NAME',
    });
  });
});

type Step =
  | { readonly kind: 'set'; readonly path: string; readonly value: string }
  | { readonly kind: 'remove'; readonly path: string };

const path = fc.array(fc.constantFrom('a', 'b', 'c.d'), { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), path, value: fc.string({ maxLength: 3 }) }),
  fc.record({ kind: fc.constant('remove' as const), path }),
);

/** What a store must do, in the plainest way: values by whole path. */
class Model {
  readonly values = new Map<string, string>();

  apply(step: Step): string | undefined {
    const names = step.path.split('/');
    const isDictionary = [...this.values.keys()].some((other) => other.startsWith(`${step.path}/`));
    if (step.kind === 'remove') {
      for (const other of this.values.keys()) {
        if (other === step.path || other.startsWith(`${step.path}/`)) this.values.delete(other);
      }
      return undefined;
    }
    if (names.some((_, depth) => depth > 0 && this.values.has(names.slice(0, depth).join('/'))))
      return 'DICTIONARY_EXPECTED';
    if (isDictionary) return 'VALUE_EXPECTED';
    this.values.set(step.path, step.value);
    return undefined;
  }

  list(of: string): string[] {
    const prefix = of === '' ? '' : `${of}/`;
    const names = new Set<string>();
    for (const other of this.values.keys()) {
      if (!other.startsWith(prefix)) continue;
      const [name, below] = other.slice(prefix.length).split(/\/(.*)/s);
      names.add(`${below === undefined ? 'value' : 'dictionary'} /${prefix}${name}`);
    }
    return [...names].sort();
  }
}

async function expectSame(store: KvReader, model: Model): Promise<void> {
  for (const [path, value] of model.values) expect(text(await store.get(path))).toBe(value);
  for (const of of ['', 'a', 'a/b']) {
    if (model.values.has(of)) continue;
    const listed = (await store.list(of))?.map(({ kind, key }) => `${kind} ${key}`) ?? [];
    expect(listed.sort()).toEqual(model.list(of));
  }
}

const apply = (store: { set: GitKv['set']; remove: GitKv['remove'] }, step: Step): Promise<string | undefined> => {
  const done = step.kind === 'set' ? store.set(step.path, step.value) : store.remove(step.path);
  return done.then(
    () => undefined,
    (error: { code?: string }) => error.code ?? String(error),
  );
};

describe('M22 M23 M25 M30 M32 K36 K37 K38 a store does what a map of paths does', () => {
  test('one write at a time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const repository = createMemoryRepository();
        const store = await GitKv.open(repository);
        const model = new Model();
        for (const one of steps) expect(await apply(store, one)).toBe(model.apply(one));
        await expectSame(store, model);
        await expectSame(await GitKv.open(repository), model);
      }),
      { numRuns: 60 },
    );
  });

  test('in a batch, read back inside it and after', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 6 }),
        fc.array(step, { maxLength: 20 }),
        fc.nat(19),
        async (before, steps, look) => {
          const store = await GitKv.open(createMemoryRepository());
          const model = new Model();
          for (const one of before) expect(await apply(store, one)).toBe(model.apply(one));
          const { oid } = store.commit ?? {};
          const digest = await store.digest('/');
          await store.changeAndPush(async (batch) => {
            for (const [index, one] of steps.entries()) {
              expect(await apply(batch, one)).toBe(model.apply(one));
              if (index === look) await batch.digest('/');
            }
            await expectSame(batch, model);
          });
          await expectSame(store, model);
          const isSame = Buffer.compare((await store.digest('/')) ?? Buffer.of(), digest ?? Buffer.of()) === 0;
          expect(store.commit?.oid === oid).toBe(isSame);
        },
      ),
      { numRuns: 60 },
    );
  });
});
