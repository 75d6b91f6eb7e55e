import { PtychonautError } from "../errors.ts";
import { optionAdvice, type ScanOptions } from "./scanOptions.ts";

/** The options that are addresses of arrays in other files. A line here, and runs open the file and hand over the arrays. */
export const addressOptions = [
  "patterns",
  "positions",
  "probeFile",
  "objectFile",
  "maskFile",
  "backgroundFile",
] as const;

export type AddressOption = (typeof addressOptions)[number];

/** A file and, where it says so, arrays in it. */
export interface Address {
  readonly path: string;
  readonly keys: readonly string[];
}

/** Between a path and the names of arrays, as in HDF5 addresses. */
export const SEPARATOR = "::";

/** `file`, `file::array` or `file::first,second`. A leading slash of an array is left out. */
export function parseAddress(address: string): Address {
  const at = address.lastIndexOf(SEPARATOR);
  if (at <= 0) return { path: address, keys: [] };
  const names = address.slice(at + SEPARATOR.length).split(",");
  return {
    path: address.slice(0, at),
    keys: names.map((name) => name.trim().replace(/^\/+/, "")).filter((name) => name !== ""),
  };
}

/** The addresses that options give. @throws PtychonautError "usage" for one without a file */
export function statedAddresses(options: ScanOptions): readonly (Address & { readonly option: AddressOption })[] {
  return addressOptions.flatMap((option) => {
    const text = options[option];
    if (text === undefined) return [];
    const address = parseAddress(text);
    if (address.path === "" || address.path.startsWith(SEPARATOR))
      throw new PtychonautError("usage", "the address names no file", {
        expected: optionAdvice(option, "FILE::ARRAY"),
        got: text,
      });
    return [{ option, ...address }];
  });
}
