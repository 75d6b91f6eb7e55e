import { gigabytes } from "../memory.ts";
import type { Plan, RunPlan } from "./plan.ts";

/** A plan as text for a terminal. */
export function planReport({ training, inference, available, calibration, warnings }: Plan): string {
  const room = available.disk === null ? "" : `, ${gigabytes(available.disk)} of disk`;
  return [
    ...(training === null
      ? []
      : [
          ...runLines("training", training),
          `  ${training.epochs} epochs of ${duration(training.secondsPerEpoch)}; it may stop earlier`,
        ]),
    ...runLines("reconstruction", inference),
    `there are ${gigabytes(available.memory)} of memory${room}`,
    ...warnings.map((line) => `warning: ${line}`),
    `(measured in ${duration(calibration)})`,
    "",
  ].join("\n");
}

function runLines(name: string, { seconds, parts, memory, memoryIs, disk, diskForAMoment }: RunPlan): string[] {
  const stages = Object.entries(parts)
    .filter(([, value]) => value >= 0.005 * seconds)
    .map(([stage, value]) => `${stage} ${duration(value)}`)
    .join(", ");
  return [
    `${name}: ${duration(seconds)}, ${gigabytes(memory)} of memory (${memoryIs}), ${gigabytes(disk)} of disk (${gigabytes(disk + diskForAMoment)} for a moment)`,
    `  ${stages}`,
  ];
}

/** Seconds in words. */
function duration(seconds: number): string {
  if (seconds < 100) return `${seconds.toPrecision(2)} s`;
  if (seconds < 6000) return `${(seconds / 60).toPrecision(2)} min`;
  return `${(seconds / 3600).toPrecision(3)} h`;
}
