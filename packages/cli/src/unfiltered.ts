import { hasCapability, hasFeature, type UploadPackClient } from '@git-kv/protocol';
import type { Console } from './console.js';

/** `client`, of which a filter may be asked wherever it leads: a server that has none sends all, and a warning says so, as git's does. */
export function toleratingFilters(client: UploadPackClient, { stderr }: Console): UploadPackClient {
  const { version, capabilities, algorithm } = client;
  if (hasFeature(capabilities, 'fetch', 'filter') || hasCapability(capabilities, 'filter')) return client;
  return {
    version,
    capabilities,
    algorithm,
    lsRefs: (options) => client.lsRefs(options),
    async fetch({ filter, ...options }) {
      if (filter !== undefined) await stderr.write('warning: filtering not recognized by server, ignoring\n');
      return await client.fetch(options);
    },
    findCommon: (options) => client.findCommon(options),
    objectInfo: (oids, options) => client.objectInfo(oids, options),
    close: () => client.close(),
  };
}
