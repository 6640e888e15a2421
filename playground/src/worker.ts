// Judges in a worker, so that typing goes on. Each message is a call of the engine; it is answered by its number.

import engineAddress from "../generated/engine.wasm.gz?url";
import policyAddress from "../generated/policy.wasm.gz?url";
import { start, type Engine, type Input } from "./engine.ts";
import { modules } from "./load.ts";

export type Request = { [K in keyof Engine]: { id: number; method: K; args: Parameters<Engine[K]> } }[keyof Engine];
export type Response = { id: number; value?: string; error?: string; milliseconds: number };

const engine = modules(engineAddress, policyAddress).then(([engine, policy]) => start(engine, policy));

/** How much is judged for practice, and how often: enough for the browser to compile what is used for speed. */
const PRACTICE = { length: 20_000, times: 25, pause: 40 };

/** Judges a text again and again, with pauses in which others come first. Browsers make code fast only by its use. */
async function practise({ manifest, settings, session }: Input): Promise<void> {
    const { review } = await engine;
    // A long one is practice enough.
    if (manifest.length > PRACTICE.length) return;
    const text = `${manifest}\n---\n`.repeat(Math.ceil(PRACTICE.length / (manifest.length + 5)));
    for (let time = 0; time < PRACTICE.times; time++) {
        await new Promise((resolve) => setTimeout(resolve, PRACTICE.pause));
        review({ manifest: text, settings, session });
    }
}

let practice: Promise<void> | undefined;

self.onmessage = async ({ data: { id, method, args } }: MessageEvent<Request>) => {
    const answer = (response: Omit<Response, "id">) => self.postMessage({ id, ...response } satisfies Response);
    let started = performance.now();
    try {
        const call = (await engine)[method] as (...args: unknown[]) => string;
        started = performance.now();
        const value = call(...args);
        answer({ value, milliseconds: performance.now() - started });
        if (method === "review") practice ??= practise(args[0]);
    } catch (error) {
        answer({ error: String(error), milliseconds: performance.now() - started });
    }
};
