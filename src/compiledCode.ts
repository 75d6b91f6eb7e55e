import { PtychonautError } from "./errors.ts";

/** What a program needs of a module of WebAssembly, by the names of its exports. */
export interface NeededExports {
  /** How many numbers each function takes. */
  readonly functions: Readonly<Record<string, number>>;
  readonly constants?: readonly string[];
}

/**
 * Whether compiled code fits the program that is about to call it: in a clone the two are made by different commands.
 * @param what the code is, for the error
 * @throws PtychonautError "device" where it was compiled from other sources
 */
export function checkCompiled(
  exports: Readonly<Record<string, unknown>>,
  { functions, constants = [] }: NeededExports,
  what: string,
): void {
  const misfits = [
    ...Object.entries(functions).filter(([name, length]) => (exports[name] as { length?: number })?.length !== length),
    ...constants.filter((name) => exports[name] === undefined).map((name) => [name]),
  ];
  if (misfits.length === 0) return;
  throw new PtychonautError("device", `${what} is compiled from other sources than this program's`, {
    expected: `exports that this version calls: ${misfits.map(([name]) => name).join(", ")}`,
    got: `${Object.keys(exports).length} others`,
    fix: "in a clone compile it: npm run build; elsewhere install the package anew",
  });
}
