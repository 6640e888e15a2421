// The host of a module that speaks waPC, as wapc.io describes it: bytes in, bytes out, and calls back to the host.

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Answers a call of the module to its host; an error is what the module is told. */
export type HostCall = (binding: string, namespace: string, operation: string, payload: Uint8Array) => Uint8Array;

type Exports = { memory: WebAssembly.Memory; wapc_init?: () => void; __guest_call: (operation: number, payload: number) => number };

/** What a call brings in and takes out. */
type Call = { operation: Uint8Array; payload: Uint8Array; host: HostCall; response?: Uint8Array; error?: string };

/** A module, in as many instances as it takes: one that has trapped is not used again. */
export class Guest {
    #instance?: Exports;
    #call?: Call;
    #hostResponse: Uint8Array = new Uint8Array();
    #hostError: Uint8Array = new Uint8Array();

    constructor(private readonly module: WebAssembly.Module) {}

    /** Calls an operation. What goes wrong is thrown as a text. */
    call(operation: string, payload: string, host: HostCall): Uint8Array {
        const call: Call = { operation: encoder.encode(operation), payload: encoder.encode(payload), host };
        this.#call = call;
        let isDone: boolean;
        try {
            this.#instance ??= this.#instantiate();
            isDone = this.#instance.__guest_call(call.operation.length, call.payload.length) === 1;
        } catch (error) {
            this.#instance = undefined;
            throw `Guest call failure: ${error}`;
        }
        if (!isDone || !call.response) throw `Guest call failure: ${call.error ?? "no answer"}`;
        return call.response;
    }

    /** Forgets what calls have left in memory. */
    reset(): void {
        this.#instance = undefined;
    }

    #instantiate(): Exports {
        const instance = new WebAssembly.Instance(this.module, { wapc: this.#imports() }).exports as unknown as Exports;
        this.#instance = instance;
        instance.wapc_init?.();
        return instance;
    }

    #imports(): Record<string, (...args: number[]) => number | void> {
        const memory = () => new Uint8Array(this.#instance!.memory.buffer);
        const write = (pointer: number, bytes: Uint8Array) => memory().set(bytes, pointer);
        const bytes = (pointer: number, length: number) => memory().slice(pointer, pointer + length);
        const text = (pointer: number, length: number) => decoder.decode(bytes(pointer, length));
        return {
            __guest_request: (operation, payload) => {
                write(operation, this.#call!.operation);
                write(payload, this.#call!.payload);
            },
            __guest_response: (pointer, length) => void (this.#call!.response = bytes(pointer, length)),
            __guest_error: (pointer, length) => void (this.#call!.error = text(pointer, length)),
            __host_call: (binding, bindingLength, namespace, namespaceLength, operation, operationLength, pointer, length) => {
                const names = [text(binding, bindingLength), text(namespace, namespaceLength), text(operation, operationLength)];
                try {
                    this.#hostResponse = this.#call!.host(names[0], names[1], names[2], bytes(pointer, length));
                    return 1;
                } catch (error) {
                    this.#hostError = encoder.encode(String(error));
                    return 0;
                }
            },
            __host_response_len: () => this.#hostResponse.length,
            __host_response: (pointer) => write(pointer, this.#hostResponse),
            __host_error_len: () => this.#hostError.length,
            __host_error: (pointer) => write(pointer, this.#hostError),
            __console_log: () => {},
        };
    }
}
