export default {
  base: './',
  // The page waits for its notes at the top level of a module.
  build: { target: 'es2022' },
};
