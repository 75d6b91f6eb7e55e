import type { Settings } from "../config/group.ts";
import type { PayloadKind } from "../config/names.ts";
import type { SettingOrigin } from "../config/payload.ts";
import { isRead } from "../config/schema.ts";

/** How a run was told to read its scan, for a run of another kind on the same scan: what that one has no setting for is left out. */
export function readingFor(kind: PayloadKind, overridden: readonly SettingOrigin[]): Settings {
  const stated = overridden.filter(({ name, group }) => group === "data" && isRead(name, kind));
  return Object.fromEntries(stated.map(({ name, value }) => [name, value]));
}
