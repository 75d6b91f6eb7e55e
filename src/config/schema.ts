import { z } from "zod";
import type { DataSettings } from "./dataConfig.ts";
import { dataGroup } from "./dataConfig.ts";
import type { ExecutionConfig } from "./executionConfig.ts";
import { executionGroup } from "./executionConfig.ts";
import { fieldSchemas, type GroupName, type SettingGroup, type Settings } from "./group.ts";
import type { InferenceSettings } from "./inferenceConfig.ts";
import { inferenceGroup } from "./inferenceConfig.ts";
import type { ModelSettings } from "./modelConfig.ts";
import { modelGroup } from "./modelConfig.ts";
import { type PayloadKind, payloadKinds, snakeCase } from "./names.ts";
import { namesOf, parseGroup } from "./parse.ts";
import type { ReconstructionSettings } from "./reconstructionConfig.ts";
import { reconstructionGroup } from "./reconstructionConfig.ts";
import type { TrainingSettings } from "./trainingConfig.ts";
import { trainingGroup } from "./trainingConfig.ts";

/** Settings of each group as their schema leaves them: checked, complete, open ones null. */
export interface GroupSettings {
  readonly model: ModelSettings;
  readonly data: DataSettings;
  readonly training: TrainingSettings;
  readonly inference: InferenceSettings;
  readonly reconstruction: ReconstructionSettings;
  readonly execution: ExecutionConfig;
}

/** Every setting that there is. A name occurs once among those that a kind of run reads. */
export const groups: { readonly [G in GroupName]: SettingGroup<GroupSettings[G]> } = {
  model: modelGroup,
  data: dataGroup,
  training: trainingGroup,
  inference: inferenceGroup,
  reconstruction: reconstructionGroup,
  execution: executionGroup,
};

export const groupNames: readonly GroupName[] = [
  ...(["model", "data", "training", "inference", "execution", "reconstruction"] as const),
];

/** The groups that a kind of run reads. */
export const groupsRead: Readonly<Record<PayloadKind, readonly GroupName[]>> = {
  training: ["model", "data", "training", "execution"],
  inference: ["model", "data", "inference", "execution"],
  reconstruction: ["data", "reconstruction", "execution"],
};

const has = (group: GroupName, name: string): boolean => namesOf(groups[group]).includes(name);

/** Whether a kind of run reads a setting of a group: its group, and of that what the setting's phase does not leave to others. */
export function isReadIn(group: GroupName, name: string, kind: PayloadKind): boolean {
  if (!groupsRead[kind].includes(group) || !has(group, name)) return false;
  const { phase } = fieldSchemas(groups[group])[name];
  return phase === undefined || [phase].flat().includes(kind);
}

/**
 * The group that a setting belongs to, by its name.
 * @param kind of run: where several groups have the name, the one that it reads. Default: the first in their order
 */
export function groupOf(name: string, kind?: PayloadKind): GroupName | undefined {
  const read = kind === undefined ? [] : [...groupsRead[kind]];
  const first = kind === undefined ? undefined : read.find((group) => isReadIn(group, name, kind));
  return first ?? [...read, ...groupNames].find((group) => has(group, name));
}

/** The kind of run by whose spellings the settings of a group are named: of several that read it the one at hand. */
export function readerOf(group: GroupName, kind: PayloadKind): PayloadKind {
  return [kind, ...payloadKinds].find((each) => groupsRead[each].includes(group)) ?? kind;
}

/** Whether a kind of run reads a setting. */
export const isRead = (name: string, kind: PayloadKind): boolean =>
  groupNames.some((group) => isReadIn(group, name, kind));

/**
 * Checks the settings of one group and completes them with the defaults. The result is frozen, throughout.
 * @throws PtychonautError "usage" for an unknown name (with the nearest known one) and for every wrong value.
 */
export function parseSettings<G extends GroupName>(group: G, settings: Settings = {}): GroupSettings[G] {
  return parseGroup(groups[group], settings);
}

/**
 * JSON schema of a config file as `ptychonaut init` writes it, for editors, hence draft 7, which all of them read: an
 * object with one property a group, names with underscores. A group may be empty (null in YAML).
 */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const properties = Object.fromEntries(
    groupNames.map((name) => {
      const { title, schema } = groups[name];
      const fields = Object.entries(z.toJSONSchema(schema, { io: "input", target: "draft-7" }).properties ?? {});
      const properties: unknown = Object.fromEntries(fields.map(([field, its]) => [snakeCase(field), its]));
      return [name, { title, type: ["object", "null"], properties, additionalProperties: false }];
    }),
  );
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Ptychonaut settings",
    type: "object",
    properties: { $schema: { type: "string", description: "Where this schema is." }, ...properties },
    additionalProperties: false,
  };
}
