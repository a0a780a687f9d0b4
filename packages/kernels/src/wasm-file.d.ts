/** A `.wasm` file, imported as a compiled module (workerd). */
declare module '*.wasm' {
  const module: object;
  export default module;
}
