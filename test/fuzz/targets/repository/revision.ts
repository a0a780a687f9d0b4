import { isOid } from '@git-kv/objects';
import { findRevision, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { textOf, textSeeds } from '../../lib/formats.js';
import { samples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

let opened: Promise<Repository> | undefined;

async function openRepository(): Promise<Repository> {
  const { head, objects } = samples('sha1');
  const repository = createMemoryRepository();
  for (const { kind, body } of objects) await repository.objects.write({ kind, body });
  await repository.refs.update([{ name: 'refs/heads/main', next: { oid: head } }]);
  return repository;
}

export const revision: FuzzTarget = {
  name: 'revision',
  about: 'names of revisions, over a small repository',
  isText: true,
  dictionary: ['^', '~', '^{', '}', '^{tree}', '^{/', '@{', '@', ':', 'HEAD', 'refs/', '..'],
  seeds: () =>
    textSeeds('main~2^{tree}', 'v1^{}', 'HEAD', samples('sha1').head, `${samples('sha1').head.slice(0, 7)}^2~1`),
  async execute(bytes) {
    opened ??= openRepository();
    const oid = await findRevision(await opened, textOf(bytes));
    ensure(oid === undefined || isOid(oid), 'it names no object');
  },
};
