import { makeCloneCase } from '../lib/clone-case.mjs';

export default makeCloneCase({
  name: 'clone-shallow',
  title: 'clone one branch at depth 1 over HTTP from git http-backend',
  depth: 1,
});
