import { gigabytes } from "../memory.ts";
import type { Plan, RunPlan, TrainingPlan } from "./plan.ts";
import type { ReconstructionPlan } from "./reconstructionPlan.ts";

/** A plan as text for a terminal. */
export function planReport(plan: Plan | ReconstructionPlan): string {
  const { available, calibration, warnings } = plan;
  const room = available.disk === null ? "" : `, ${gigabytes(available.disk)} of disk`;
  return [
    ...("reconstruction" in plan
      ? epochLines("reconstruction", plan.reconstruction)
      : [
          ...(plan.training === null ? [] : epochLines("training", plan.training)),
          ...runLines("reconstruction", plan.inference),
        ]),
    `there are ${gigabytes(available.memory)} of memory${room}`,
    ...warnings.map((line) => `warning: ${line}`),
    `(measured in ${duration(calibration)})`,
    "",
  ].join("\n");
}

const epochLines = (name: string, plan: TrainingPlan): readonly string[] => [
  ...runLines(name, plan),
  `  ${plan.epochs} epochs of ${duration(plan.secondsPerEpoch)}; it may stop earlier`,
];

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
