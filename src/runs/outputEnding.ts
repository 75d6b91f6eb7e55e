import { PtychonautError, setting } from "../errors.ts";

/** A format as far as its files' names go. */
interface NamedFormat {
  readonly name: string;
  readonly endings: readonly string[];
}

/**
 * Programs that go by a file's name would be led astray by one that says another container than it is.
 * @param byName the format that the name says, if any
 * @param option the setting that named the format
 * @throws PtychonautError "usage" for such a name
 */
export function checkEnding(
  output: string,
  format: NamedFormat,
  byName: NamedFormat | undefined,
  option: string | undefined,
): void {
  if (byName === undefined || containerOf(byName) === containerOf(format)) return;
  throw new PtychonautError("usage", `the output's name says ${byName.name}, and ${format.name} is asked for`, {
    where: output,
    expected: `a name that ends with ${format.endings.join(" or ")}`,
    fix: `name it so${option === undefined ? "" : `, or leave ${setting(option)} out`}`,
  });
}

const containerOf = ({ endings }: NamedFormat): string =>
  ["npz", "tif"].find((container) => endings.some((ending) => ending.endsWith(`.${container}`))) ?? "hdf5";
