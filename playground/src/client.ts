// The worker as the page sees it: calls with promises. Of reviews, only the last that is asked for is done.

import type { Engine, Input } from "./engine.ts";
import { readReport, type Report } from "./report.ts";
import type { Response } from "./worker.ts";

/** How long a call may take until the worker is taken for stuck. */
const DEADLINE = 20_000;

type Waiting = { resolve: (value: string) => void; reject: (error: Error) => void; timer: number };

export class Client {
    #worker = this.#start();
    #waiting = new Map<number, Waiting>();
    #last = 0;
    #isReviewing = false;
    #next?: () => void;

    /** How long the last call took in the worker. */
    milliseconds = 0;

    #start(): Worker {
        const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
        worker.onmessage = ({ data }: MessageEvent<Response>) => this.#answer(data);
        // One that does not even start is not started again by itself.
        worker.onerror = (event) => this.#fail(event.message || "the worker could not start");
        return worker;
    }

    #answer({ id, value, error, milliseconds }: Response): void {
        const waiting = this.#waiting.get(id);
        if (!waiting) return;
        this.#waiting.delete(id);
        clearTimeout(waiting.timer);
        this.milliseconds = milliseconds;
        if (value !== undefined) return waiting.resolve(value);
        waiting.reject(new Error(error));
        this.#restart(String(error));
    }

    /** Ends the worker and starts another. A module that has failed may have left anything behind. */
    #restart(reason: string): void {
        this.#worker.terminate();
        this.#fail(reason);
        this.#worker = this.#start();
    }

    /** Tells everybody who waits that there will be no answer. */
    #fail(reason: string): void {
        for (const { reject, timer } of this.#waiting.values()) {
            clearTimeout(timer);
            reject(new Error(reason));
        }
        this.#waiting.clear();
    }

    /** Calls the engine. */
    call<K extends keyof Engine>(method: K, ...args: Parameters<Engine[K]>): Promise<string> {
        const id = ++this.#last;
        return new Promise((resolve, reject) => {
            const timer = window.setTimeout(() => this.#restart(`no answer in ${DEADLINE / 1000} s`), DEADLINE);
            this.#waiting.set(id, { resolve, reject, timer });
            this.#worker.postMessage({ id, method, args });
        });
    }

    /** Reviews; nothing comes of it where another review is asked for before this one begins. */
    async review(input: Input): Promise<Report | undefined> {
        if (this.#isReviewing) {
            const isLast = await new Promise<boolean>((resolve) => {
                const next = () => resolve(this.#next === next);
                const before = this.#next;
                this.#next = next;
                before?.();
            });
            if (!isLast) return undefined;
            this.#next = undefined;
        }
        this.#isReviewing = true;
        try {
            return readReport(await this.call("review", input));
        } finally {
            this.#isReviewing = false;
            this.#next?.();
        }
    }
}
