/** WebCrypto as the browsers of 2024 have it: it knows all but Ed25519. */
export function subtleWithoutEd25519(): SubtleCrypto {
  const { subtle } = globalThis.crypto;
  return new Proxy(subtle, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const isEd25519 = args.some((arg) => (arg as { name?: unknown } | null)?.name === 'Ed25519');
        if (isEd25519) return Promise.reject(new DOMException('Unrecognized name', 'NotSupportedError'));
        return Reflect.apply(member, target, args);
      };
    },
  });
}
