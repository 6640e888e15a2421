// The two modules, which are packed: not every server packs WebAssembly by itself.

async function unpacked(address: string): Promise<WebAssembly.Module> {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`${address}: ${response.status}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    // A server may have unpacked it already.
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    if (!isPacked) return WebAssembly.compile(bytes);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return WebAssembly.compile(await new Response(stream).arrayBuffer());
}

/** Fetches modules. */
export function modules(...addresses: string[]): Promise<WebAssembly.Module[]> {
    return Promise.all(addresses.map(unpacked));
}
