import type { IdentityRule } from "./fields.ts";
import { fieldSchemas, type GroupName, type Settings } from "./group.ts";
import { groupNames, groupOf, groups } from "./schema.ts";

const byGroup: Readonly<Record<GroupName, IdentityRule>> = {
  model: "always",
  data: "always",
  training: "always",
  inference: "never",
  reconstruction: "always",
  execution: "never",
};

const ruleOf = (group: GroupName, name: string): IdentityRule =>
  fieldSchemas(groups[group])[name]?.identity ?? byGroup[group];

/** Whether what a training learns depends on a setting, its length among them. */
export function isLearning(name: string): boolean {
  const group = groupOf(name);
  return group !== undefined && (byGroup[group] === "always" || ruleOf(group, name) !== "never");
}

/**
 * The settings, in one object, that must not change between the parts of a training.
 * @param resolved the groups' settings, complete
 * @param stated whether somebody said a setting
 */
export function identitySettings(
  resolved: Readonly<Partial<Record<GroupName, object>>>,
  stated: (name: string) => boolean,
): Settings {
  const entries = groupNames.flatMap((group) =>
    Object.entries(resolved[group] ?? {}).filter(([name]) => {
      const rule = ruleOf(group, name);
      return rule === "always" || (rule === "stated" && stated(name));
    }),
  );
  return Object.fromEntries(entries);
}
