import { makeServeCase } from '../lib/serve-case.mjs';

export default makeServeCase({
  name: 'serve-concurrent',
  title: 'serve 32 clones at once over HTTP, all refs, to clients that keep nothing',
  what: 'clone',
  count: 32,
  gitDir: async ({ hosted }) => (await hosted()).gitDir,
});
