import { PtychonautError } from "../errors.ts";

/**
 * Checks the address of an MLflow server. It is written down with the other settings, so it carries no password.
 * @param saidBy the setting or variable that holds it
 * @throws PtychonautError "usage" with the reason: only a server can be written to, over http or https
 */
export function checkTrackingUri(uri: string, saidBy: string): void {
  const refuse = (expected: string, got: string, fix: string): PtychonautError =>
    new PtychonautError("usage", "this is not the address of an MLflow server", { where: saidBy, expected, got, fix });
  const server = /^https?:\/\/([^/?#\s]+)[^?#\s]*$/i.exec(uri);
  if (server === null) {
    throw refuse(
      "http://HOST:PORT or https://HOST",
      JSON.stringify(uri),
      "MLflow's own storage (a folder, file:, a database) is written through a server only: start one with mlflow server --backend-store-uri URI",
    );
  }
  if (server[1].includes("@")) {
    throw refuse(
      "an address without user and password",
      "one with both",
      "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead",
    );
  }
}
