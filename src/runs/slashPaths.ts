/**
 * The one full name of a path in stores whose paths are absolute, with "/" between names.
 * @param from what a relative path starts at
 */
export function absolutePath(path: string, from = "/"): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${from}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
