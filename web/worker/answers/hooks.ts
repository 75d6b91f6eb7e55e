import type { RunHooks, RunWatch } from "../../../src/runs/hooks.ts";
import { timeLeft } from "../../../src/runs/progress.ts";
import type { Asked } from "./answer.ts";

/** Milliseconds between two words of progress, and between two pictures at least. */
const [PROGRESS_EVERY, PICTURE_EVERY] = [100, 300];

/** Pictures take a tenth of the time at most. */
const PICTURE_SHARE = 0.1;

/** What a run says, as events of the question that it answers. */
export function hooksTold({ signal, tell }: Asked): RunHooks {
  return {
    signal,
    log: (line) => tell({ kind: "log", line }),
    warn: (line) => tell({ kind: "warn", line: line.replace(/^warning: /, "") }),
    progress: barTold(tell),
    watch: watchTold(tell),
  };
}

export function barTold(tell: Asked["tell"]): RunHooks["progress"] {
  return (label, total, start = 0) => {
    const begun = performance.now();
    let toldAt = 0;
    let last: { readonly done: number; readonly note: string } = { done: start, note: "" };
    const say = (): void => {
      toldAt = performance.now();
      const left = timeLeft({ total, start, done: last.done, elapsedMs: toldAt - begun });
      tell({ kind: "progress", label, total, ...last, ...(left === undefined ? {} : { left }) });
    };
    return {
      update(done, note = "") {
        last = { done, note };
        if (performance.now() - toldAt >= PROGRESS_EVERY || done >= total) say();
      },
      finish: say,
    };
  };
}

function watchTold(tell: Asked["tell"]): RunWatch {
  let [asked, nextAt] = [0, 0];
  return {
    row: (row) => tell({ kind: "row", row }),
    wantsPicture() {
      asked = performance.now();
      return asked >= nextAt;
    },
    picture(picture) {
      tell({ kind: "picture", picture });
      const now = performance.now();
      nextAt = now + Math.max(PICTURE_EVERY, (now - asked) / PICTURE_SHARE);
    },
  };
}
