import { makeCloneCase } from '../lib/clone-case.mjs';

export default makeCloneCase({
  name: 'clone',
  title: 'clone everything over HTTP from git http-backend',
  depth: undefined,
});
