// Judges in a worker, so that typing goes on. Each message is a call of the engine; it is answered by its number.

import engineAddress from "../generated/engine.wasm.gz?url";
import policyAddress from "../generated/policy.wasm.gz?url";
import { start, type Engine } from "./engine.ts";
import { modules } from "./load.ts";

export type Request = { [K in keyof Engine]: { id: number; method: K; args: Parameters<Engine[K]> } }[keyof Engine];
export type Response = { id: number; value?: string; error?: string; milliseconds: number };

const engine = modules(engineAddress, policyAddress).then(([engine, policy]) => start(engine, policy));

self.onmessage = async ({ data: { id, method, args } }: MessageEvent<Request>) => {
    const answer = (response: Omit<Response, "id">) => self.postMessage({ id, ...response } satisfies Response);
    let started = performance.now();
    try {
        const call = (await engine)[method] as (...args: unknown[]) => string;
        started = performance.now();
        const value = call(...args);
        answer({ value, milliseconds: performance.now() - started });
    } catch (error) {
        answer({ error: String(error), milliseconds: performance.now() - started });
    }
};
