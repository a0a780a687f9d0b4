// Loaded with --import: every package gets the plain kernels, as it would outside Node.
import { register } from 'node:module';

const hook = `export const resolve = (specifier, context, next) =>
  next(specifier === '@git-kv/kernels' ? '@git-kv/kernels/portable' : specifier, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
