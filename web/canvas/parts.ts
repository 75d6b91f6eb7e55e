import { BAR_WIDTH } from "./colourBar.ts";
import { adoptStyle } from "./style.ts";
import { keysInWords } from "./words.ts";

/** Elements of a canvas. */
export interface Parts {
  readonly root: HTMLElement;
  /** Has the focus, the gestures and the description. */
  readonly stage: HTMLElement;
  readonly picture: HTMLCanvasElement;
  readonly bar: HTMLElement;
  readonly barPicture: HTMLCanvasElement;
  /** The line below the picture. */
  readonly reading: HTMLElement;
  /** Between two arrays that are compared. */
  readonly divider: HTMLElement;
}

let made = 0;

export function makeParts(host: HTMLElement): Parts {
  const make = <K extends keyof HTMLElementTagNameMap>(
    tag: K,
    name: string,
    attributes: Readonly<Record<string, string>> = {},
  ): HTMLElementTagNameMap[K] => {
    const element = document.createElement(tag);
    element.className = name;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const help = make("p", "keys", { id: `array-canvas-keys-${++made}` });
  help.textContent = keysInWords;
  const stage = make("div", "stage", { tabindex: "0", role: "application", "aria-describedby": help.id });
  const picture = make("canvas", "", { "aria-hidden": "true" });
  const divider = make("div", "divider", {
    tabindex: "0",
    role: "slider",
    "aria-label": "Part of the first array",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
  });
  divider.hidden = true;
  stage.append(picture, divider);
  const bar = make("div", "bar", { "aria-hidden": "true" });
  bar.style.width = `${BAR_WIDTH}px`;
  const barPicture = make("canvas", "");
  bar.append(barPicture);
  const reading = make("div", "reading", { "aria-live": "off" });
  const root = make("div", "array-canvas");
  root.style.height = "100%";
  root.append(stage, bar, reading, help);
  host.append(root);
  adoptStyle(root);
  return { root, stage, picture, bar, barPicture, reading, divider };
}
