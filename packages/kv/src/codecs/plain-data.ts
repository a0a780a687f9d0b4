import { isWellFormed } from '../well-formed.js';
import { InvalidValueError } from './invalid-value.js';

/** Values within values that are followed. Deeper ones would overflow the stack of some reader. */
const MAX_DEPTH = 1000;

/** What a format holds beyond null, booleans, text, finite numbers, arrays and plain objects. */
export interface DataRules {
  /** Whether a value that is none of these may stand; else the words that say why not. */
  leaf(value: unknown): true | string;
}

/**
 * Refuse what would be lost or changed on the way: holes, `undefined` where there is none, objects of classes, names by symbol,
 * getters, text with lone surrogates, cycles.
 * @throws {InvalidValueError} INVALID_VALUE at the first of them
 */
export function assertPlainData(value: unknown, rules: DataRules): void {
  visit(value, [], rules);
}

function visit(value: unknown, path: PropertyKey[], rules: DataRules): void {
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (typeof value === 'string') {
    assertText(value, path);
    return;
  }
  if (path.length > MAX_DEPTH)
    throw invalid(path.slice(0, 3), `it is nested more than ${MAX_DEPTH} deep, or holds itself`);
  if (Array.isArray(value)) visitArray(value, path, rules);
  else if (isPlainObject(value)) visitObject(value, path, rules);
  else {
    const verdict = rules.leaf(value);
    if (verdict !== true) throw invalid(path, verdict);
  }
}

function visitArray(array: readonly unknown[], path: PropertyKey[], rules: DataRules): void {
  const keys = Object.keys(array);
  if (keys.length > array.length) throw invalid(path, 'it is an array with further properties');
  for (let index = 0; index < array.length; index++) {
    path.push(index);
    if (!(index in array)) throw invalid(path, 'it is a hole in an array');
    visit(array[index], path, rules);
    path.pop();
  }
}

function visitObject(object: object, path: PropertyKey[], rules: DataRules): void {
  for (const name of Reflect.ownKeys(object)) {
    const property = Object.getOwnPropertyDescriptor(object, name) as PropertyDescriptor;
    path.push(name);
    if (typeof name === 'symbol') throw invalid(path, 'it has a symbol for a name');
    if (!('value' in property)) throw invalid(path, 'it is a getter');
    if (property.enumerable !== true) throw invalid(path, 'it is not enumerable');
    assertText(name, path);
    visit(property.value, path, rules);
    path.pop();
  }
}

function assertText(text: string, path: readonly PropertyKey[]): void {
  if (!isWellFormed(text)) throw invalid(path, 'it has a lone surrogate, which UTF-8 cannot hold');
}

/** Whether an object has no class: made by a literal, by JSON, or with no prototype at all. Of any realm. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** How a value is called in a message. */
export function describeValue(value: unknown): string {
  if (typeof value === 'number' || value === undefined) return String(value);
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  const { name } = (value as { constructor?: { name?: unknown } }).constructor ?? {};
  return typeof name === 'string' && name !== '' ? `a ${name}` : 'an object of a class';
}

function invalid(path: readonly PropertyKey[], message: string): InvalidValueError {
  return new InvalidValueError('encode', [{ message, path: [...path] }]);
}
