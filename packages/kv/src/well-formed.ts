const SURROGATE = /\p{Surrogate}/u;

/** Whether UTF-8 can hold a text: it has no half of a character, a lone surrogate, which would become U+FFFD. */
export function isWellFormed(text: string): boolean {
  return !SURROGATE.test(text);
}
