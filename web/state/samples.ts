import { type ReadonlySignal, signal } from "@preact/signals";
import type { SampleEntry } from "../../src/runs/sampleEntry.ts";
import { fileAt } from "./fileAt.ts";

const found = signal<readonly SampleEntry[]>([]);

/** Scans that come with this page. */
export const samples: ReadonlySignal<readonly SampleEntry[]> = found;

const list = document.querySelector('meta[name="ptychonaut-samples"]')?.getAttribute("content") ?? undefined;
let looked = list === undefined;

/** Looks once which there are. @throws PtychonautError "data" where the list that the page names cannot be had */
export async function findSamples(): Promise<void> {
  if (looked || list === undefined) return;
  looked = true;
  const file = await fileAt(list);
  if (file instanceof File) found.value = JSON.parse(await file.text()) as readonly SampleEntry[];
}
