import type { Person } from './commit-text.js';

interface Replacement {
  readonly name: string | undefined;
  readonly email: string | undefined;
}

/** Who people are, by what their commits call them. @see gitmailmap(5) */
export class Mailmap {
  /** By the address in lower case, and the name after a line feed where the entry has one. */
  readonly #entries = new Map<string, Replacement>();

  /** @param text bytes as characters, as the people it is asked about */
  constructor(text: string) {
    for (const line of text.split('\n')) if (!line.startsWith('#')) this.#add(line);
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** The same person under a better name. */
  map(person: Person): Person {
    const email = person.email.toLowerCase();
    const found = this.#entries.get(`${email}\n${person.name.toLowerCase()}`) ?? this.#entries.get(email);
    return found ? { ...person, name: found.name ?? person.name, email: found.email ?? person.email } : person;
  }

  /**
   *     entry = [name] "<" email ">" [[name] "<" email ">"]
   */
  #add(line: string): void {
    const match = /^([^<]*)<([^>]*)>(?:([^<]*)<([^>]*)>)?/.exec(line);
    if (match === null) return;
    const [, name = '', email = '', oldName = '', oldEmail] = match.map((part) => part?.trim());
    if (email === '') return;
    const key = (oldEmail ?? email).toLowerCase();
    const at = oldName === '' ? key : `${key}\n${oldName.toLowerCase()}`;
    const before = this.#entries.get(at);
    this.#entries.set(at, {
      name: name === '' ? before?.name : name,
      email: oldEmail === undefined ? before?.email : email,
    });
  }
}
