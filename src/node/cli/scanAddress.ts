import { PtychonautError } from "../../errors.ts";
import { parseAddress } from "../../scans/addresses.ts";
import type { NamedCommand } from "./command.ts";
import { display, meantValues, type ParsedFlags } from "./flags.ts";

/**
 * A scan's file may be named without its flag, before or after the options.
 * @throws PtychonautError "usage" where both are given
 */
export function withScanNamed(parsed: ParsedFlags, { scan }: Pick<NamedCommand, "scan">): ParsedFlags {
  const { values, positionals } = parsed;
  if (scan === undefined || scan === "positional" || positionals.length === 0) return parsed;
  if (values[scan] !== undefined)
    throw new PtychonautError("usage", `a scan is named twice: by ${display(scan)} and without it`, {
      got: `${texts(values[scan]).join(" ")} and ${positionals.join(" ")}`,
      fix: `${meantValues(parsed.behind)}name it once`,
    });
  const named = scan === "trainDataFile" ? positionals : positionals[0];
  const left = scan === "trainDataFile" ? [] : positionals.slice(1);
  return { ...parsed, values: { ...values, [scan]: named }, positionals: left };
}

/**
 * `FILE::ARRAY` in place of a scan's file is the file and `--patterns_key ARRAY`. Where no file is named, `--patterns
 * FILE::ARRAY` names both.
 * @throws PtychonautError "usage" for two arrays
 */
export function withScanAddress(parsed: ParsedFlags, { scan }: Pick<NamedCommand, "scan">): ParsedFlags {
  if (scan === undefined) return parsed;
  const { values, positionals } = parsed;
  const named = scan === "positional" ? positionals.slice(0, 1) : texts(values[scan]);
  const { patterns, ...others } = values;
  const fromPatterns = named.length === 0 && typeof patterns === "string";
  const addresses = (fromPatterns ? [patterns] : named).map(parseAddress);
  const open = (fromPatterns ? [patterns] : named).find((address) => /^.+::[/\s]*$/.test(address));
  if (open !== undefined)
    throw new PtychonautError("usage", "the address names no array", {
      expected: "FILE::ARRAY, or FILE alone",
      got: open,
    });
  const keys = [...new Set(addresses.flatMap((address) => address.keys))];
  if (keys.length === 0) return fromPatterns ? withPaths({ ...parsed, values: others }, scan, addresses) : parsed;
  const { patternsKey = keys[0] } = values;
  if (keys.length > 1 || patternsKey !== keys[0] || addresses.some((address) => address.keys.length !== 1))
    throw new PtychonautError("usage", "several arrays are named as the patterns", {
      got: [...new Set([...keys, String(patternsKey)])].join(", "),
      expected: `FILE::ARRAY, or FILE and ${display("patternsKey")} ARRAY`,
    });
  return withPaths({ ...parsed, values: { ...(fromPatterns ? others : values), patternsKey } }, scan, addresses);
}

const texts = (value: unknown): readonly string[] => (value === undefined ? [] : [value].flat().map(String));

function withPaths(
  parsed: ParsedFlags,
  scan: NonNullable<NamedCommand["scan"]>,
  addresses: readonly { readonly path: string }[],
): ParsedFlags {
  const paths = addresses.map(({ path }) => path);
  if (scan === "positional") return { ...parsed, positionals: [...paths, ...parsed.positionals.slice(1)] };
  return { ...parsed, values: { ...parsed.values, [scan]: scan === "trainDataFile" ? paths : paths[0] } };
}
