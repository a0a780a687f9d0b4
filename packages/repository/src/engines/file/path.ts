/** Join path components with `/`; an absolute `name` stands alone. */
export function joinPath(directory: string, name: string): string {
  if (isAbsolutePath(name)) return name;
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}

/** The directory that holds `path`. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return '.';
  return slash === 0 ? '/' : path.slice(0, slash);
}

/** Absolute as POSIX (`/x`) or Windows (`C:/x`) write it. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:[/\\]/.test(path);
}
