import { defineConfig } from "vite";

export default defineConfig({
    // The page works in any folder of a server.
    base: "./",
    build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1000 },
    worker: { format: "es" },
    server: { fs: { allow: [".."] } },
});
