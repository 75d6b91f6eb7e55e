/** Folders above the one that a file is in, which links may lead to. */
const STEPS_UP = 6;

/** A folder of the library's own file system, for one file that is open, and the one with folders enough above it. */
export const roomyFolder = (number: number): { readonly root: string; readonly folder: string } => {
  const root = `/open/${number}`;
  return { root, folder: `${root}/${Array.from({ length: STEPS_UP }, (_, k) => k).join("/")}` };
};

/**
 * Where a link's file is looked for, as a path from the folder of the file that was opened.
 * @param folder of the file that has the link, in the same way
 * @param name as the link has it; of an absolute one, which is of another machine as a rule, the last part, as HDF5 does
 * @returns undefined where it leads further up than is looked
 */
export function linkedPath(folder: string, name: string): string | undefined {
  const relative = /^([\\/]|[A-Za-z]:[\\/])/.test(name) ? name.split(/[\\/]/).at(-1)! : name;
  const parts: string[] = [];
  for (const part of [...folder.split("/"), ...relative.split("/")]) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.length === 0 || parts.filter((part) => part === "..").length > STEPS_UP ? undefined : parts.join("/");
}

/** What a path has before its last part; "" for a name alone. */
export const folderIn = (path: string): string => path.split("/").slice(0, -1).join("/");
