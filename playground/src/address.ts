// The state in the address, behind `#`: browsers keep that to themselves. It is an example by its id, or all texts, packed.

import type { Input } from "./engine.ts";
import { example, sameAs } from "./examples.ts";

async function through(bytes: Uint8Array<ArrayBuffer>, stream: GenericTransformStream): Promise<Uint8Array<ArrayBuffer>> {
    const piped = new Blob([bytes]).stream().pipeThrough(stream as ReadableWritablePair<Uint8Array, Uint8Array>);
    return new Uint8Array(await new Response(piped as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

function toBase64Url(bytes: Uint8Array): string {
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

/** The part of an address behind `#` that says these texts. */
export async function write(input: Input): Promise<string> {
    const same = sameAs(input);
    if (same) return `#example=${same.id}`;
    const { manifest, settings, session } = input;
    const bytes = new TextEncoder().encode(JSON.stringify([manifest, settings, session]));
    return `#state=${toBase64Url(await through(bytes, new CompressionStream("deflate-raw")))}`;
}

/** The texts that the part of an address behind `#` says; undefined where it says none. */
export async function read(hash: string): Promise<Input | undefined> {
    const [, key, value] = /^#(\w+)=(.*)$/.exec(hash) ?? [];
    if (key === "example") return example(decodeURIComponent(value));
    if (key !== "state") return undefined;
    try {
        const bytes = await through(fromBase64Url(value), new DecompressionStream("deflate-raw"));
        const [manifest, settings, session] = JSON.parse(new TextDecoder().decode(bytes));
        return { manifest: String(manifest), settings: String(settings ?? ""), session: String(session ?? "") };
    } catch {
        return undefined;
    }
}
