// transfer.mjs clone|fetch KIND URL GIT_DIR ALGORITHM [KEYS]: over any transport; KEYS is where the files of ssh and TLS are
// (user, known_hosts, ca.pem). For test/interop/transfer-memory.
import { createReadStream, readFileSync } from 'node:fs';
import { parseRefspec, readBundle } from '@git-kv/protocol';
import { createTransport } from '@git-kv/protocol/node';
import { cloneInto, connectBundle, createRepositoryTransport, fetchRefs } from '@git-kv/repository';
import { createPathTransport, initRepository, openRepository } from '@git-kv/repository/node-fs';
import { report } from '../../lib/report.mjs';

const [what = '', kind = '', url = '', gitDir = '', algorithm, keys = ''] = process.argv.slice(2);
const repository =
  what === 'fetch'
    ? await openRepository(gitDir)
    : await initRepository(gitDir, { objectFormat: algorithm === 'sha256' ? 'sha256' : 'sha1' });
const served = kind === 'in-process' ? await openRepository(url) : undefined;
const transport =
  served !== undefined
    ? createRepositoryTransport(served)
    : createTransport(url, {
        ...(kind === 'https' && { http: { extraCa: readFileSync(`${keys}/ca.pem`, 'utf8') } }),
        ...(kind === 'ssh2' && {
          sshBy: /** @type {const} */ ('library'),
          ssh: { knownHostsFiles: [`${keys}/known_hosts`], identityFiles: [`${keys}/user`] },
        }),
        ...(kind === 'path' && { local: createPathTransport }),
      });
/** @type {typeof import('@git-kv/protocol').connectUploadPack | undefined} */
const connect =
  kind === 'bundle' ? () => connectBundle(repository, () => readBundle(createReadStream(url))) : undefined;
const own = connect && { connect: () => connect(transport) };
const { objectCount } =
  what === 'fetch'
    ? await fetchRefs(repository, transport, {
        ...own,
        refspecs: [parseRefspec('+refs/heads/*:refs/heads/*', 'fetch')],
        tags: 'auto',
      })
    : await cloneInto(repository, transport, { ...own });
await transport.close?.();
await served?.close();
await repository.close();
report({ received: objectCount });
