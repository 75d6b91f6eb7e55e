import { PtychonautError } from "../errors.ts";

/** Deep enough for what instruments write, and long enough for their tags. */
const DEEPEST = 64;
const LONGEST_TAG = 1024;

/**
 * The texts of an XML document by the paths of their elements, `root/scan/width`, and of attributes, `root/file@name`; of
 * several with one path the first. An element with an attribute `mode` has that in its path: `scan[acquire]`. For what
 * instruments write beside their data, not for documents: what entities and CDATA hold is left as it is.
 * @throws PtychonautError "data" where elements are nested without end
 */
export function xmlFields(text: string, where: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const path: string[] = [];
  const add = (key: string, value: string): void => {
    if (value !== "" && !fields.has(key)) fields.set(key, value);
  };
  for (const [, tag, between] of text.matchAll(/<([^<>]*)>([^<]*)/g)) {
    const name = /^\/?([^\s/>?!]*)/.exec(tag)?.[1] ?? "";
    if (name === "" || tag.length > LONGEST_TAG) continue;
    if (tag.startsWith("/")) {
      path.pop();
      continue;
    }
    if (path.length === DEEPEST) throw new PtychonautError("data", "the XML is nested too deeply", { where });
    const attributes = [...tag.matchAll(/([\w.:-]+)\s*=\s*["']([^"']*)["']/g)];
    const mode = attributes.find(([, attribute]) => attribute === "mode")?.[2];
    const own = mode === undefined ? name : `${name}[${mode}]`;
    const here = [...path, own].join("/");
    for (const [, attribute, value] of attributes) add(`${here}@${attribute}`, value);
    if (tag.endsWith("/")) continue;
    path.push(own);
    add(here, between.trim());
  }
  return fields;
}
