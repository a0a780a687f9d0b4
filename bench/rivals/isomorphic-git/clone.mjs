// clone.mjs URL GIT_DIR [DEPTH]: clone all branches and tags, without a work tree.
import fs from 'node:fs';
import git from 'isomorphic-git';
import http from 'isomorphic-git/http/node';
import { report } from '../../lib/report.mjs';

const [url = '', gitdir = '', depth] = process.argv.slice(2);
await git.clone({
  fs,
  http,
  dir: gitdir,
  gitdir,
  url,
  noCheckout: true,
  ...(depth === undefined ? {} : { depth: Number(depth), singleBranch: true, noTags: true }),
});
report({});
