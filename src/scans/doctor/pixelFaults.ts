import { type DarkRegion, type DefectivePixel, regionText } from "../../data/pixelDefects.ts";
import { by, type DoctorRow, openRow } from "./row.ts";
import type { Subject } from "./subject.ts";

/** Of all pixels together, see `pixelDefects`: dead pixels and gaps are judged by chance, a thousand to one. */
const FALSE_ALARM = 1e-3;

/** Dead and hot pixels, gaps and a beamstop that the file's mask does not know. */
export function pixelFaults({ facts: { patterns }, mask }: Subject): readonly DoctorRow[] {
  if (patterns === undefined) return [openRow("dead pixels", "no patterns")];
  const { dead, hot, gaps } = patterns.defects;
  const beside = mask === undefined ? "" : ", beside what the mask takes";
  const few = patterns.count < 5;
  const pixels = (quantity: string, list: readonly DefectivePixel[], rule: string): DoctorRow => ({
    quantity,
    found: list.length === 0 ? `none${beside}` : `${list.length}${beside}: ${places(list)}`,
    value: list.length,
    evidence: rule,
    ...by(FALSE_ALARM),
    state: list.length === 0 ? "fine" : "trouble",
  });
  const stops = gaps.filter(({ kind }) => kind === "beamstop");
  const others = gaps.filter(({ kind }) => kind !== "beamstop");
  const region = (quantity: string, list: readonly DarkRegion[]): DoctorRow => ({
    quantity,
    found: list.length === 0 ? `none${beside}` : list.map(regionText).join(", "),
    value: list.length,
    evidence: "pixels without light in any frame beside lit ones",
    ...by(FALSE_ALARM),
    state: list.length === 0 ? "fine" : "trouble",
  });
  return [
    few
      ? openRow("dead pixels", `in ${patterns.count} frames a pixel without light says nothing`)
      : pixels(
          "dead pixels",
          dead,
          "without light in every frame, where those around have some too often for chance; where the pattern is dark anyway none can be seen",
        ),
    pixels("hot pixels", hot, "more than ten times as bright as those around them, which no beam is"),
    ...(few ? [] : [region("gaps", others), region("beamstop", stops)]),
  ];
}

const places = (list: readonly DefectivePixel[]): string =>
  `${list
    .slice(0, 5)
    .map(({ at: [y, x] }) => `(${y}, ${x})`)
    .join(" ")}${list.length > 5 ? " …" : ""}`;
