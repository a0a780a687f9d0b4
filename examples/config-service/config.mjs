// Configuration that lives in a git repository: read from a branch, followed while the service runs, changed by proposals.
import { setTimeout } from 'node:timers/promises';
import { GitKv } from '@git-kv/kv';
import { connect } from '@git-kv/kv/node';
import { createHttpTransport } from '@git-kv/protocol';
import { createNodeFetch } from '@git-kv/protocol/node';
import { cloneInto, pushFrom } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';

const PATH = 'service/config.json';
const DEFAULTS = { uploadLimit: 10, banner: '' };

/**
 * Follow the configuration of `remote`. Someone has to look at a change before it counts: `propose` makes a branch for it, and
 * merging that branch, by whatever review the host has, is what changes the configuration.
 *
 * `onError` is told of what went wrong on the way: without a network, the last good configuration stays and it is tried again; where
 * asking again cannot help (access was taken away, say) it is not followed any more.
 *
 * @param {string} remote  URL of a repository
 * @param {{ pollMs?: number, onChange?: (config: typeof DEFAULTS) => void, onError?: (error: unknown) => void }} [options]
 */
export async function followConfig(remote, options = {}) {
  const { pollMs = 5000, onChange = () => {}, onError = (error) => console.error(error) } = options;
  const store = await connect(remote);
  const stop = new AbortController();
  let current = await readNow(store);

  const follow = async () => {
    const watching = { pollMs, signal: stop.signal, onError };
    for await (const _event of store.watch('service', watching)) {
      if (!(await pull(store, watching))) return;
      // A file that is not JSON must not take the service down: the last good configuration stays.
      const next = await readNow(store).catch(() => undefined);
      if (next === undefined) continue;
      current = next;
      onChange(current.config);
    }
  };
  const following = follow().catch(onError);

  return {
    /** What counts now. */
    get config() {
      return current.config;
    },
    /** The commit it is from: for logs, and for whoever asks why. The store may be ahead of it, where that is no JSON. */
    get commit() {
      return current.commit;
    },
    /**
     * Put a change on a branch of its own.
     * @param {string} title
     * @param {Partial<typeof DEFAULTS>} change
     * @returns {Promise<string>} the branch, to open a pull request for
     */
    async propose(title, change) {
      const branch = `proposal/${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
      const fetch = createNodeFetch();
      try {
        const transport = createHttpTransport(remote, { fetch });
        const repository = createMemoryRepository();
        await cloneInto(repository, transport, { branch: store.branch, depth: 1 });
        const main = await repository.refs.read(store.refName);
        const name = `refs/heads/${branch}`;
        await repository.refs.update([{ name, expected: null, next: main }]);
        const draft = await GitKv.open(repository, { branch });
        const next = { ...(await read(draft)), ...change };
        await draft.changeAndPush((batch) => batch.set(PATH, `${JSON.stringify(next, null, 2)}\n`), {
          message: `${title}\n`,
        });
        const updates = [{ name, expected: null, next: draft.commit.oid }];
        const [result] = await pushFrom(repository, transport, { updates });
        if (result.status !== 'updated')
          throw new Error(`Cannot propose ${title}: the branch ${branch} is there already`);
        return branch;
      } finally {
        await fetch.close();
      }
    },
    async close() {
      stop.abort();
      await following;
      await store.disconnect();
    },
  };
}

/** Try until it works. @returns whether it did before it was stopped */
async function pull(store, { pollMs, signal, onError }) {
  while (!signal.aborted) {
    try {
      await store.pull({ signal });
      return true;
    } catch (error) {
      if (signal.aborted) break;
      onError(error);
      await setTimeout(pollMs, undefined, { signal }).catch(() => {});
    }
  }
  return false;
}

/** The configuration and its commit, of one state of the store. */
async function readNow(store) {
  const snapshot = store.snapshot();
  try {
    return { config: await read(snapshot), commit: snapshot.commit?.oid };
  } finally {
    snapshot.close();
  }
}

async function read(store) {
  return { ...DEFAULTS, ...(await store.getJson(PATH)) };
}
