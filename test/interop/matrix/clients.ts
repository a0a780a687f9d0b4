// The clients of the matrix: the same wishes put to git, to isomorphic-git and to ours.
import fs from 'node:fs';
import { hashAlgorithm } from '@git-kv/objects';
import {
  connectReceivePack,
  connectUploadPack,
  type ProtocolVersion,
  parseRefspec,
  type Transport,
  type UploadPackClient,
} from '@git-kv/protocol';
import { createTransport } from '@git-kv/protocol/node';
import { cloneInto, fetchRefs, pushFrom, resolveRef } from '@git-kv/repository';
import { type FileRepository, initRepository, openRepository } from '@git-kv/repository/node-fs';
import { gitAsync, gitEnv, type ObjectFormat } from '../../support/git-process.js';
import type { ClientName } from './axes.js';
import type { RunningServer } from './servers.js';

/** Where to, and how. */
export interface Remote {
  readonly url: string;
  readonly server: Pick<RunningServer, 'ssh' | 'program'>;
  readonly version: ProtocolVersion;
  readonly format: ObjectFormat;
}

/** What a clone takes. Always bare, or at least without files. */
export interface CloneWish {
  readonly depth?: number;
  readonly filter?: string;
  readonly noTags?: boolean;
}

/** What a fetch takes: one branch into `refs/remotes/origin/`, or all of them. */
export interface FetchWish {
  readonly branch?: string;
  readonly allTags?: boolean;
  readonly deepen?: number;
  readonly unshallow?: boolean;
}

/** A ref of the remote, and the ref here that it is to hold; `undefined` deletes. */
export interface PushWish {
  readonly name: string;
  readonly source: string | undefined;
}

/** One client. Every call is one run of it. */
export interface MatrixClient {
  /** What the remote has: `oid name`, sorted by name, without what tags peel to. */
  list(remote: Remote): Promise<string[]>;
  /** Into a directory that is not there yet. */
  clone(remote: Remote, directory: string, wish: CloneWish): Promise<void>;
  fetch(remote: Remote, directory: string, wish: FetchWish): Promise<void>;
  push(remote: Remote, directory: string, wishes: readonly PushWish[]): Promise<void>;
}

const refspecFor = ({ branch = '*' }: FetchWish): string => `+refs/heads/${branch}:refs/remotes/origin/${branch}`;

const byName = (left: string, right: string): number => {
  const [, a = ''] = left.split(' ');
  const [, b = ''] = right.split(' ');
  return a < b ? -1 : a > b ? 1 : 0;
};

async function runGit(remote: Remote, args: readonly string[], cwd?: string): Promise<string> {
  const config = [`protocol.version=${remote.version}`, 'init.defaultBranch=main', 'advice.detachedHead=false'];
  const { command } = remote.server.ssh ?? {};
  const ended = await gitAsync([...config.flatMap((each) => ['-c', each]), ...args], {
    ...(cwd !== undefined && { cwd }),
    env: command === undefined ? {} : { GIT_SSH_COMMAND: command },
  });
  if (ended.code !== 0) throw new Error(`git ${args.join(' ')}: ${ended.stderr}`);
  return ended.stdout;
}

/** Who serves, where the client starts it. */
const programOf = ({ server: { program } }: Remote, service: 'upload-pack' | 'receive-pack'): string[] =>
  program === undefined ? [] : [`--${service}=${program} ${service}`];

const git: MatrixClient = {
  async list(remote) {
    const text = await runGit(remote, ['ls-remote', ...programOf(remote, 'upload-pack'), remote.url]);
    return text
      .split('\n')
      .filter((line) => line !== '' && !line.endsWith('^{}'))
      .map((line) => line.replace('\t', ' '))
      .sort(byName);
  },
  async clone(remote, directory, { depth, filter, noTags = false }) {
    // A path would be copied from without a server.
    const url = remote.url.startsWith('/') ? `file://${remote.url}` : remote.url;
    await runGit(remote, [
      'clone',
      '-q',
      '--bare',
      ...programOf(remote, 'upload-pack'),
      ...(depth === undefined ? [] : [`--depth=${depth}`]),
      ...(filter === undefined ? [] : [`--filter=${filter}`]),
      ...(noTags ? ['--no-tags'] : []),
      url,
      directory,
    ]);
  },
  async fetch(remote, directory, wish) {
    await runGit(
      remote,
      [
        'fetch',
        '-q',
        wish.allTags === true ? '--tags' : '--no-tags',
        ...programOf(remote, 'upload-pack'),
        ...(wish.deepen === undefined ? [] : [`--deepen=${wish.deepen}`]),
        ...(wish.unshallow === true ? ['--unshallow'] : []),
        remote.url,
        refspecFor(wish),
      ],
      directory,
    );
  },
  async push(remote, directory, wishes) {
    const refspecs = wishes.map(({ name, source = '' }) => `${source}:${name}`);
    await runGit(remote, ['push', '-q', ...programOf(remote, 'receive-pack'), remote.url, ...refspecs], directory);
  },
};

/** Library calls in this process, on a repository in files. */
const ours: MatrixClient = {
  async list(remote) {
    return await withTransport(remote, async (transport) => {
      const client = await connectUploadPack(transport, { version: remote.version });
      try {
        const refs = await client.lsRefs();
        return refs.flatMap(({ name, oid }) => (oid === undefined ? [] : [`${oid} ${name}`])).sort(byName);
      } finally {
        await client.close();
      }
    });
  },
  async clone(remote, directory, { depth, filter, noTags = false }) {
    const repository = await initRepository(directory, {
      objectFormat: remote.format,
      initialBranch: 'main',
      durability: 'none',
    });
    await withRepository(repository, remote, async (transport, connect) => {
      await cloneInto(repository, transport, {
        layout: 'bare',
        connect,
        noTags,
        ...(depth !== undefined && { depth }),
        ...(filter !== undefined && { filter }),
      });
    });
  },
  async fetch(remote, directory, wish) {
    const repository = await openRepository(directory, { durability: 'none' });
    await withRepository(repository, remote, async (transport, connect) => {
      const { hasFailed } = await fetchRefs(repository, transport, {
        refspecs: [parseRefspec(refspecFor(wish), 'fetch')],
        tags: wish.allTags === true ? 'all' : 'none',
        connect,
        ...(wish.deepen !== undefined && { depth: wish.deepen, relative: true }),
        ...(wish.unshallow === true && { unshallow: true }),
      });
      if (hasFailed) throw new Error('a ref was refused');
    });
  },
  async push(remote, directory, wishes) {
    const repository = await openRepository(directory, { durability: 'none' });
    await withRepository(repository, remote, async (transport) => {
      const updates = await Promise.all(
        wishes.map(async ({ name, source }) => ({
          name,
          next: source === undefined ? null : ((await resolveRef(repository.refs, source))?.oid ?? null),
        })),
      );
      const client = await connectReceivePack(transport, { version: remote.version });
      for (const result of await pushFrom(repository, transport, { updates, client }))
        if (result.status !== 'updated') throw new Error(JSON.stringify(result));
    });
  },
};

async function withTransport<T>(remote: Remote, work: (transport: Transport) => Promise<T>): Promise<T> {
  const { ssh, program } = remote.server;
  const transport = createTransport(remote.url, {
    environment: gitEnv,
    timeoutMs: 20_000,
    sshBy: 'library',
    ...(ssh !== undefined && {
      ssh: { knownHostsFiles: [ssh.knownHosts], identityFiles: [ssh.identityFile], agent: false as const },
    }),
    ...(program !== undefined && { uploadPack: `${program} upload-pack`, receivePack: `${program} receive-pack` }),
  });
  try {
    return await work(transport);
  } finally {
    await transport.close?.();
  }
}

async function withRepository(
  repository: FileRepository,
  remote: Remote,
  work: (transport: Transport, connect: (to: Transport) => Promise<UploadPackClient>) => Promise<void>,
): Promise<void> {
  try {
    if (repository.algorithm !== hashAlgorithm(remote.format)) throw new Error('BUG: the format differs');
    await withTransport(remote, (transport) =>
      work(transport, (to) => connectUploadPack(to, { version: remote.version })),
    );
  } finally {
    await repository.close();
  }
}

const UNLIMITED_DEPTH = 0x7fffffff;

/** Loaded when it is needed: that takes a while. */
async function loadIsomorphic(): Promise<{
  readonly iso: typeof import('isomorphic-git');
  readonly http: typeof import('isomorphic-git/http/node');
}> {
  const [iso, http] = await Promise.all([import('isomorphic-git'), import('isomorphic-git/http/node')]);
  return { iso, http };
}

const isomorphic: MatrixClient = {
  async list({ url, version }) {
    const { iso, http } = await loadIsomorphic();
    const refs = await iso.listServerRefs({ http, url, protocolVersion: version === 2 ? 2 : 1 });
    return refs.flatMap(({ ref, oid }) => (ref.endsWith('^{}') ? [] : [`${oid} ${ref}`])).sort(byName);
  },
  async clone({ url }, gitdir, { depth, noTags = false }) {
    const { iso, http } = await loadIsomorphic();
    const cut = depth === undefined ? {} : { depth, singleBranch: true };
    await iso.init({ fs, gitdir, bare: true, defaultBranch: 'main' });
    await iso.clone({ fs, http, dir: gitdir, gitdir, url, noCheckout: true, noTags, ...cut });
  },
  async fetch({ url }, gitdir, { branch, allTags = false, deepen, unshallow = false }) {
    const { iso, http } = await loadIsomorphic();
    await iso.setConfig({ fs, gitdir, path: 'remote.origin.url', value: url });
    await iso.setConfig({ fs, gitdir, path: 'remote.origin.fetch', value: refspecFor({}) });
    await iso.fetch({
      fs,
      http,
      gitdir,
      url,
      remote: 'origin',
      tags: allTags,
      ...(branch !== undefined && { ref: branch, remoteRef: branch, singleBranch: true }),
      ...(deepen !== undefined && { depth: deepen, relative: true }),
      ...(unshallow && { depth: UNLIMITED_DEPTH }),
    });
  },
  async push({ url }, gitdir, wishes) {
    const { iso, http } = await loadIsomorphic();
    for (const { name, source } of wishes) {
      const deletes = source === undefined;
      const { ok, error } = await iso.push({
        fs,
        http,
        gitdir,
        url,
        ref: source ?? 'refs/heads/main',
        remoteRef: name,
        delete: deletes,
      });
      if (!ok) throw new Error(`isomorphic-git could not push ${name}: ${error}`);
    }
  },
};

export const MATRIX_CLIENTS: Readonly<Record<ClientName, MatrixClient>> = { git, 'isomorphic-git': isomorphic, ours };
