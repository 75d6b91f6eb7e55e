/** What a table has under a name. Names come from files and command lines, where `constructor` is a name as any other. */
export function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
