// The engine of the page: the crate that `native-sidecar review` is made of, and the policy's module beside it.

import * as bindings from "../generated/engine.js";
import { Guest } from "./wapc.ts";

/** What is judged: three texts. */
export type Input = { manifest: string; settings: string; session: string };

/** The calls of the engine. They take and give texts, JSON for the most part. */
export type Engine = {
    review: (input: Input) => string;
    changed: (input: Input) => string;
    rewriteSettings: (text: string, value: string) => string;
    extendSession: (session: string, exchange: string) => string;
    toYaml: (value: string) => string;
    fromYaml: (text: string) => string;
    exports: (manifest: string, settings: string) => string;
    describe: () => string;
};

/** Starts the engine with its own module and the policy's. */
export function start(engine: WebAssembly.Module, policy: WebAssembly.Module): Engine {
    bindings.initSync({ module: engine });
    const guest = new Guest(policy);
    return {
        review: ({ manifest, settings, session }) => {
            // Judging leaves nothing behind but memory; a review starts without it.
            guest.reset();
            return bindings.review(guest, manifest, settings, session);
        },
        changed: ({ manifest, settings, session }) => bindings.changed(guest, manifest, settings, session),
        rewriteSettings: bindings.rewriteSettings,
        extendSession: bindings.extendSession,
        toYaml: bindings.toYaml,
        fromYaml: bindings.fromYaml,
        exports: bindings.exports,
        describe: bindings.describe,
    };
}
