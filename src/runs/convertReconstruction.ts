import { PtychonautError, setting } from "../errors.ts";
import { counted } from "../printable.ts";
import { lostInReconstruction } from "../reconstructions/lost.ts";
import type { ReconstructionToWrite } from "../reconstructions/reconstructionFormat.ts";
import {
  type ReconstructionWriter,
  reconstructionWriterFor,
  reconstructionWriterNamed,
  reconstructionWriters,
} from "../reconstructions/registry.ts";
import type { ConversionRequest } from "./conversionRequest.ts";
import { checkPixel, sayLost, sourceLines } from "./conversionWords.ts";
import type { RunHooks, RunOutcome } from "./hooks.ts";
import type { Home } from "./machine.ts";
import { readObjectFile, splitAddress } from "./objectFile.ts";
import { checkEnding } from "./outputEnding.ts";
import { claimOutputFile, type OutputFile } from "./outputFile.ts";
import { baseName, extensionOf } from "./paths.ts";
import { allOrNone } from "./writtenTogether.ts";

/** A reconstruction in another format. @throws as `runConversion` */
export async function convertReconstruction(
  request: ConversionRequest,
  hooks: RunHooks,
  home: Home,
): Promise<RunOutcome> {
  const { input, output, overwrite = false, strict = false, alsoRead = [] } = request;
  refuseScanOptions(request);
  const writer = targetOf(output, request.to);
  const source = splitAddress(input).path;
  const paths = writer.files?.(output) ?? [output];
  const claimed: OutputFile[] = [];
  for (const path of paths)
    claimed.push(await claimOutputFile(path, { inputs: [source, ...alsoRead], overwrite }, home.store));
  const { sha256, warnings = [], path, key, ...found } = await readObjectFile(input, home);
  for (const line of warnings) hooks.warn(`warning: ${line}`);
  const { objectPixelM } = request.reading.geometry ?? {};
  const reconstruction: ReconstructionToWrite = {
    ...(objectPixelM === undefined ? {} : { pixelSizeM: objectPixelM }),
    ...found,
    name: baseName(source).slice(0, baseName(source).length - extensionOf(source).length),
  };
  checkPixel(writer, reconstruction.pixelSizeM, input);
  sayLost(lostInReconstruction(writer, reconstruction), writer.name, strict, hooks);
  for (const line of writer.missing?.(reconstruction) ?? []) hooks.warn(`warning: ${line}`);
  const history = [...sourceLines(path, sha256), `object: ${key}`];
  const finished = await allOrNone(claimed, home, hooks.signal, (files) =>
    writer.write(reconstruction, files, history),
  );
  if (!finished) return { status: "interrupted", advice: "nothing was written", files: [] };
  const { shape } = reconstruction.object;
  hooks.log(`an object of ${shape.join(" x ")} as ${writer.name} (${writer.title})`);
  return { status: "finished", files: paths };
}

/** What a reconstruction is not read by. */
function refuseScanOptions({ input, stated, compress = false }: ConversionRequest): void {
  const idle = [...stated.filter((name) => name !== "object_pixel_m"), ...(compress ? ["compress"] : [])];
  if (idle.length === 0) return;
  throw new PtychonautError("usage", `${counted(idle.length, "option")} of scans, and this is a reconstruction`, {
    where: input,
    got: idle.map((name) => setting(name)).join(", "),
    fix: "leave these out",
  });
}

/** @throws PtychonautError "usage" where neither says it, or they contradict each other */
function targetOf(output: string, to: string | undefined): ReconstructionWriter {
  const byName = reconstructionWriterFor(output);
  const writer = to === undefined ? byName : reconstructionWriterNamed(to);
  if (writer !== undefined) checkEnding(output, writer, byName, "to");
  if (writer !== undefined) return writer;
  throw new PtychonautError("usage", "the output's name does not say its format", {
    where: output,
    expected: `a name that ends with ${reconstructionWriters.flatMap(({ endings }) => endings).join(", ")}`,
    fix: `name the format: ${setting("to", reconstructionWriters[0].name)}`,
  });
}
