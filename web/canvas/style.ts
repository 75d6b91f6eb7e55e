/** Of all canvases; colours are the page's own: its text, and its accent for what has the focus. */
const css = `
.array-canvas { display: grid; grid-template: minmax(0, 1fr) auto / minmax(0, 1fr) auto; gap: 4px 0; min-width: 0; min-height: 0; color: inherit; }
.array-canvas > .stage { position: relative; overflow: hidden; min-height: 0; touch-action: none; user-select: none; cursor: grab;
  background: color-mix(in srgb, currentColor 7%, transparent); border-radius: 3px; }
.array-canvas > .stage[data-tool="profile"] { cursor: crosshair; }
.array-canvas > .stage[data-held] { cursor: grabbing; }
.array-canvas > .stage:focus-visible, .array-canvas .divider:focus-visible { outline: 2px solid var(--accent, currentColor); outline-offset: 2px; }
.array-canvas canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
.array-canvas > .bar { position: relative; min-height: 0; }
.array-canvas .divider { position: absolute; top: 0; bottom: 0; width: 24px; margin-left: -12px; cursor: ew-resize; touch-action: none; }
.array-canvas .divider::after { content: ""; position: absolute; left: 6px; top: calc(50% - 16px); width: 12px; height: 32px; box-sizing: border-box;
  border-radius: 6px; background: white; border: 1px solid rgb(0 0 0 / 0.55); }
.array-canvas > .reading { grid-column: 1 / -1; display: block; height: 1.25rem; line-height: 1.25rem; font-size: 0.8125rem; font-variant-numeric: tabular-nums; white-space: pre;
  overflow: hidden; text-overflow: ellipsis; opacity: 0.85; }
.array-canvas > .keys { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;

let sheet: CSSStyleSheet | undefined;

/** Gives the style to the document, or the shadow tree, that an element is in: by a sheet, as a strict policy allows. */
export function adoptStyle(element: Element): void {
  const root = element.getRootNode();
  const at = root instanceof ShadowRoot ? root : document;
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  if (!at.adoptedStyleSheets.includes(sheet)) at.adoptedStyleSheets = [...at.adoptedStyleSheets, sheet];
}
