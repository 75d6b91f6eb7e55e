import { yamlValue } from "../../config/configTemplate.ts";
import type { Difference } from "../../config/differences.ts";
import { snakeCase } from "../../config/names.ts";

/** A setting of a group, or an option of a command. */
export type Listed = Omit<Difference, "group"> & { readonly group: string };

/** Settings as a config file has them, each with where it comes from and what the default is. */
export function listedSettings(differences: readonly Listed[]): string {
  if (differences.length === 0) return "# nothing differs from the defaults\n";
  const groups = [...new Set(differences.map(({ group }) => group))];
  const lines = groups.flatMap((group) => {
    const own = differences.filter((difference) => difference.group === group);
    const heads = own.map(({ name, value }) => `  ${snakeCase(name)}: ${yamlValue(value)}`);
    const width = Math.max(...heads.map(({ length }) => length));
    const origin = (i: number): string => `${own[i].source}; default ${yamlValue(own[i].default)}`;
    return [`${group}:`, ...heads.map((head, i) => `${head.padEnd(width)}  # ${origin(i)}`)];
  });
  return `${lines.join("\n")}\n`;
}
