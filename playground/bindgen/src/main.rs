//! Makes JavaScript and WebAssembly of the playground's engine: `playground-bindgen MODULE FOLDER`.

use std::env;

use anyhow::{Context, Result};
use walrus::Module;
use walrus::passes::gc;
use wasm_bindgen_cli_support::Bindgen;

/// What the names of functions start with that the policy's crates export to others than this page.
const OTHERS: [&str; 2] = ["__guest_", "ffi_"];

fn main() -> Result<()> {
    let mut args = env::args().skip(1);
    let (file, folder) = (args.next().context("no module")?, args.next().context("no folder")?);
    let mut module = Module::from_file(file)?;
    let exports: Vec<_> = module.exports.iter().map(|export| (export.id(), export.name.clone())).collect();
    for (id, _) in exports.iter().filter(|(_, name)| OTHERS.iter().any(|start| name.starts_with(start))) {
        module.exports.delete(*id);
    }
    gc::run(&mut module);
    let mut bindgen = Bindgen::new();
    bindgen
        .input_module("engine", module)
        .web(true)?
        .typescript(true)
        .remove_name_section(std::env::var_os("NAMES").is_none())
        .remove_producers_section(true);
    // The page fetches the module itself.
    bindgen.omit_default_module_path(true).generate(folder)
}
