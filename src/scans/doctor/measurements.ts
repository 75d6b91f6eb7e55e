import { arrays } from "./arrays.ts";
import { beamCentre } from "./beamCentre.ts";
import { beamIntensity } from "./beamIntensity.ts";
import { dose } from "./dose.ts";
import { frameFaults } from "./frameFaults.ts";
import { frameOrder } from "./frameOrder.ts";
import { geometry } from "./geometry.ts";
import { mask } from "./mask.ts";
import { measurement } from "./measurement.ts";
import { pedestal } from "./pedestal.ts";
import { pixelFaults } from "./pixelFaults.ts";
import { positions } from "./positions.ts";
import { probe } from "./probe.ts";
import type { DoctorRow } from "./row.ts";
import { sampling } from "./sampling.ts";
import { saturation } from "./saturation.ts";
import type { Subject } from "./subject.ts";

/**
 * One kind of thing that a scan's numbers tell and its file does not say. A measurement is a file here and a line below. It
 * claims nothing that the numbers do not tell: its rows say how sure they are, by a statistic whose false alarm rate they
 * give, or that they could not measure, and why.
 */
export type DoctorMeasurement = (subject: Subject) => readonly DoctorRow[] | Promise<readonly DoctorRow[]>;

/** In the order of the table. */
export const measurements: readonly DoctorMeasurement[] = [
  arrays,
  measurement,
  pedestal,
  saturation,
  beamCentre,
  mask,
  pixelFaults,
  frameFaults,
  beamIntensity,
  positions,
  frameOrder,
  sampling,
  probe,
  geometry,
  dose,
];
