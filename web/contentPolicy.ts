/**
 * What the page may do, said twice: in a tag of its own, for hosts that send no headers, and as headers, which alone reach
 * workers. Nothing from elsewhere, no inline scripts or styles; WebAssembly may be compiled; files that it made itself may
 * be shown and saved.
 */
export const contentPolicy: string = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Headers that a host of the page should send: the policy, and what lets threads share memory. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy": `${contentPolicy}; frame-ancestors 'none'`,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};
