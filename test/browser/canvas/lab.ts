import { type ArrayCanvas, arrayCanvas, linkViews } from "../../../web/canvas/door.ts";
import { makers, SIZE } from "./arrays.ts";
import type { Lab, Seen, Told } from "./labTypes.ts";

/** What the tests do with canvases in a page. */
const canvases: ArrayCanvas[] = [];
const told: Told[] = [];
const main = document.querySelector("main") as HTMLElement;

const painted = (): Promise<void> =>
  new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));

async function seen(index: number): Promise<Seen> {
  await painted();
  const canvas = main.querySelectorAll<HTMLCanvasElement>(".stage > canvas")[index];
  const { width, height } = canvas;
  const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(0, 0, width, height);
  return {
    ...{ width, height, data: base64(data) },
    ratio: devicePixelRatio,
    by: canvases[index].drawing?.by,
    why: canvases[index].drawing?.why,
    colouring: canvases[index].colouring,
    reading: main.querySelectorAll(".reading")[index].textContent ?? "",
    label: main.querySelectorAll(".stage")[index].getAttribute("aria-label") ?? "",
  };
}

function base64(bytes: Uint8ClampedArray): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

const lab: Lab = {
  async add(name, [height, width], change = {}) {
    const host = document.createElement("section");
    host.style.width = `${width + 76}px`;
    host.style.height = `${height + 24}px`;
    main.append(host);
    const canvas = arrayCanvas(host);
    const index = canvases.push(canvas) - 1;
    told.push({});
    canvas.on("reading", (reading) => {
      told[index] = { ...told[index], reading };
    });
    canvas.on("profile", (profile) => {
      told[index] = { ...told[index], profile };
    });
    canvas.on("pick", (pick) => {
      told[index] = { ...told[index], pick };
    });
    canvas.set(change);
    canvas.show(makers[name]());
    return seen(index);
  },
  async set(index, change) {
    canvases[index].set(change);
    return seen(index);
  },
  seen,
  state: (index) => canvases[index].state,
  told: (index) => told[index],
  link: () => {
    linkViews(canvases);
  },
  async compare(index, name) {
    canvases[index].compare(makers[name]());
    return seen(index);
  },
  async mark(index, count, window) {
    const [height, width] = SIZE;
    const side = Math.ceil(Math.sqrt(count));
    const places = Float64Array.from({ length: 2 * count }, (_, i) => {
      const k = i >> 1;
      return i % 2 === 0 ? (Math.floor(k / side) * height) / side : ((k % side) * width) / side;
    });
    canvases[index].mark({ places, current: Math.floor(count / 2), window });
    return seen(index);
  },
  async png(index) {
    const blob = await canvases[index].png();
    return Array.from(new Uint8Array(await blob.arrayBuffer()));
  },
  async pan(index, frames) {
    const times: number[] = [];
    let before = performance.now();
    for (let frame = 0; frame < frames; frame++) {
      const { view } = canvases[index].state;
      canvases[index].set({ view: { ...view, x: view.x + (frame % 2 === 0 ? 7 : -7), y: view.y + 3 } });
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const now = performance.now();
      times.push(now - before);
      before = now;
    }
    return times;
  },
  clear() {
    for (const canvas of canvases.splice(0)) canvas.dispose();
    told.length = 0;
    main.replaceChildren();
  },
};

Object.assign(globalThis, { lab });
