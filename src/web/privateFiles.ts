/**
 * The part of the Origin Private File System that workers have, which the DOM's types leave out.
 * https://fs.spec.whatwg.org/
 */
export interface SyncAccessHandle {
  read(into: Uint8Array, options: { readonly at: number }): number;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

export interface PrivateFile {
  readonly kind: "file";
  readonly name: string;
  getFile(): Promise<File>;
  createSyncAccessHandle(): Promise<SyncAccessHandle>;
  /** Takes the place of a file that has the name. */
  move(folder: PrivateFolder, name: string): Promise<void>;
}

export interface PrivateFolder {
  readonly kind: "directory";
  readonly name: string;
  getFileHandle(name: string, options?: { readonly create: boolean }): Promise<PrivateFile>;
  getDirectoryHandle(name: string, options?: { readonly create: boolean }): Promise<PrivateFolder>;
  removeEntry(name: string, options?: { readonly recursive: boolean }): Promise<void>;
  entries(): AsyncIterable<[string, PrivateFile | PrivateFolder]>;
}

/** Locks that all pages of one origin share, and that end with whoever holds them. https://w3c.github.io/web-locks/ */
export interface Locks {
  request<T>(
    name: string,
    options: { readonly ifAvailable: true },
    work: (lock: object | null) => Promise<T>,
  ): Promise<T>;
  /** Those that are held at this moment, by anybody. Looking takes none. */
  query(): Promise<{ readonly held?: readonly { readonly name?: string }[] }>;
}
