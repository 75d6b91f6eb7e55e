import { onlyScan } from "../../data/scanNumbers.ts";
import { PtychonautError, setting } from "../../errors.ts";
import type { ExecutionConfig } from "../executionConfig.ts";
import type { FileProbe, ScanHeader } from "../fileProbe.ts";
import { mergeLayers, settingsOf } from "../merge.ts";
import { deepFreeze } from "../parse.ts";
import type { ReconstructionPayload, ReconstructionRequest } from "../payload.ts";
import type { ReconstructionConfig } from "../reconstructionConfig.ts";
import { checkData, checkExecution } from "../rules.ts";
import { parseSettings } from "../schema.ts";
import { plannedStages, stagesOf, workOf } from "../stages.ts";
import { stagesOnPatterns } from "../stagesOnPatterns.ts";
import { completeData, completeReconstruction } from "./complete.ts";
import { skippedOfSeveral } from "./scanFit.ts";
import { layersOf, originsOf } from "./sources.ts";

/**
 * Resolves and checks everything that an iterative reconstruction depends on, before anything runs.
 * @throws PtychonautError naming the setting, what was expected and what was found
 */
export async function resolveReconstructionPayload(
  request: ReconstructionRequest,
  files: FileProbe,
): Promise<ReconstructionPayload> {
  return resolveOn(request, files, (scans) => onlyScan(scans, request.scan));
}

/**
 * As `resolveReconstructionPayload`, one for each scan that the file holds: of several each has a folder of its own,
 * `scan_` and its number, in the output folder.
 */
export async function resolveReconstructionPayloads(
  request: ReconstructionRequest,
  files: FileProbe,
): Promise<readonly ReconstructionPayload[]> {
  let found: readonly number[] = [];
  const whole = await resolveOn(request, files, (scans) => {
    found = scans;
  });
  if (found.length < 2) return [whole];
  if (whole.data.skipFrames !== null) throw skippedOfSeveral(whole.data.skipFrames);
  const payloads: ReconstructionPayload[] = [];
  for (const scanIndex of found) {
    const outputDir = `${request.outputDir}/scan_${scanIndex}`;
    payloads.push(
      await resolveReconstructionPayload(
        { ...request, outputDir, overrides: { ...request.overrides, scanIndex } },
        files,
      ),
    );
  }
  return payloads;
}

async function resolveOn(
  request: ReconstructionRequest,
  files: FileProbe,
  onScans: (scans: readonly number[]) => void,
): Promise<ReconstructionPayload> {
  const merged = mergeLayers(layersOf(request, "reconstruction"));
  const settings = parseSettings("reconstruction", settingsOf(merged, "reconstruction", "reconstruction"));
  const reconstruction = completeReconstruction(settings);
  const execution = parseSettings("execution", settingsOf(merged, "execution", "reconstruction"));
  const dataSettings = parseSettings("data", settingsOf(merged, "data", "reconstruction"));
  checkExecution(execution);
  const stages = stagesOf(reconstruction);
  checkSlices(reconstruction);
  checkObjectModes(reconstruction);
  checkPatience(reconstruction);
  checkCheckpoints(reconstruction, execution);
  for (const work of new Set(stages.map(({ engine }) => workOf(engine))))
    await files.checkAccelerator(execution.accelerator, work);
  const header = await files.scanHeader(request.scan, dataSettings);
  checkShape(header, request.scan);
  const { propagation } = dataSettings;
  const notes = stagesOnPatterns(plannedStages(reconstruction, stages), {
    ...{ height: header.height, width: header.width, propagation: propagation ?? undefined },
  });
  const { scans = [] } = header;
  onScans(scans);
  // Groups are what networks take: of one pattern, nothing is said of them.
  const data = completeData(dataSettings, 1, reconstruction.seed, header.photonsPerPattern);
  checkData(data, 1);
  // Of several scans each has a folder of its own.
  if (scans.length < 2)
    await files.prepareFolder(request.outputDir, {
      command: "reconstruct",
      inputs: [request.scan, ...(request.alsoRead ?? [])],
      overwrite: request.overwrite,
      continues: reconstruction.resume === "last",
    });
  return deepFreeze({
    kind: "reconstruction",
    scan: request.scan,
    outputDir: request.outputDir,
    data,
    reconstruction,
    stages,
    ...(request.changes === undefined ? {} : { changes: request.changes }),
    execution,
    notes,
    overridden: originsOf(merged, "reconstruction", { nphotons: [data.nphotons, "metadata"] }),
  });
}

function checkPatience({ patience, heldOutFraction }: ReconstructionConfig): void {
  if (patience === null || heldOutFraction > 0) return;
  throw new PtychonautError(
    "usage",
    "patience waits for held-out patterns to be predicted better, and none are held out",
    {
      got: `patience ${patience} with held_out_fraction 0`,
      fix: "hold some out, or leave patience out",
    },
  );
}

function checkCheckpoints(
  { checkpointEveryNEpochs: every }: ReconstructionConfig,
  { enableCheckpointing }: ExecutionConfig,
): void {
  if (every === null || enableCheckpointing) return;
  throw new PtychonautError("usage", "checkpoint_every_n_epochs has an effect only when checkpointing is on", {
    got: `checkpoint_every_n_epochs ${every}`,
  });
}

function checkSlices({ slices, sliceDistanceM, thicknessM }: ReconstructionConfig): void {
  const [first, second] = [
    ...(sliceDistanceM === null ? [] : [["slice_distance_m", sliceDistanceM] as const]),
    ...(thicknessM === null ? [] : [["thickness_m", thicknessM] as const]),
  ];
  if (slices > 1 && first === undefined)
    throw new PtychonautError("usage", "slices need slice_distance_m", {
      expected: "the distance from one slice to the next, in metres, or thickness_m, that of the whole object",
    });
  if (second !== undefined)
    throw new PtychonautError("usage", "slice_distance_m and thickness_m say the same", {
      got: `${first[1]} and ${second[1]}`,
      fix: "leave one of the two out",
    });
  if (slices === 1 && first !== undefined)
    throw new PtychonautError("usage", `${first[0]} has an effect only when slices is above 1`, {
      got: String(first[1]),
    });
}

function checkObjectModes({ objectModes, objectModePower, slices, confidence }: ReconstructionConfig): void {
  if (objectModes === 1) {
    if (objectModePower === parseSettings("reconstruction").objectModePower) return;
    throw new PtychonautError("usage", "object_mode_power has an effect only when object_modes is above 1", {
      got: `object_mode_power ${objectModePower}`,
    });
  }
  const got = `object_modes ${objectModes}`;
  if (slices > 1)
    throw new PtychonautError("usage", "an object is in several states, or has several slices", {
      got: `${got} and slices ${slices}`,
      fix: "leave one of the two out",
    });
  if (confidence)
    throw new PtychonautError(
      "usage",
      "two halves of the data may share the light among states otherwise, which is no error of either",
      {
        got: `${got} and confidence`,
        fix: "leave one of the two out",
      },
    );
  if ((objectModes - 1) * objectModePower >= 1)
    throw new PtychonautError("usage", "added states leave nothing for the first", {
      expected: "together less than all of the power",
      got: `${objectModes - 1} with ${objectModePower} of the power each`,
      fix: `say a smaller ${setting("object_mode_power")}`,
    });
}

function checkShape({ height, width }: ScanHeader, file: string): void {
  if (height === width) return;
  const [crop, pad] = [Math.min(height, width), Math.max(height, width)];
  throw new PtychonautError("data", "patterns are not square", {
    where: file,
    got: `${height} x ${width}`,
    fix: `cut them: ${setting("crop_to", crop)}, or fill them up: ${setting("pad_to", pad)}`,
  });
}
