import { setting } from "../../errors.ts";
import type { NumberSetting } from "../settings.ts";
import type { Wrapper } from "../wrapper.ts";
import { everyEpoch } from "./everyEpoch.ts";
import { refusedOfKeptProbe } from "./keptProbe.ts";

type SupportSettings = { readonly supportDiameter: number };

const supportDiameter: NumberSetting = {
  ...{ name: "supportDiameter", kind: "real", default: 0.9, above: 0, max: 1.5 },
  help: "diameter of the disk in which the probe may have light, over the window's side.",
};

/**
 * The probe is zero outside a disk about the window's centre, after every epoch: light that gathers at the window's edge is
 * a sign of periodic copies of the object.
 */
export const probeSupport: Wrapper<SupportSettings> = {
  name: "support",
  about: "keeps the probe within a disk",
  settings: [supportDiameter],
  refuses: refusedOfKeptProbe,
  init: (experiment, { supportDiameter }) =>
    everyEpoch(
      experiment,
      "probe",
      ({ values, shape: [, height, width] }) => {
        for (let i = 0; i < values.length; i += 2) {
          const pixel = (i / 2) % (height * width);
          const y = (Math.floor(pixel / width) - Math.floor(height / 2)) / height;
          const x = ((pixel % width) - Math.floor(width / 2)) / width;
          if (2 * Math.hypot(y, x) > supportDiameter) values.fill(0, i, i + 2);
        }
      },
      {
        takes: "the support takes",
        of: "of the probe's light",
        fix: `say a ${setting("support_diameter")} above ${supportDiameter}`,
      },
    ),
};
